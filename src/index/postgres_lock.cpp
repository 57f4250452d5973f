#include "postgres_lock.h"

#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

bool try_lock(PgConnection& connection, const std::string& schema) {
    const PgResult taken = connection.query(
        "SELECT pg_try_advisory_lock(hashtextextended('clipsim ' || current_database() || '.' || "
        "$1::text, 0))",
        {schema});
    return taken.bytes(0, 0) == std::string_view("\1", 1);
}

}  // namespace

void lock_for_writing(PgConnection& connection, const std::string& schema, std::chrono::milliseconds wait,
                      const std::stop_token& stop) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds between_tries{50};
    const std::string whose =
        concat("another clipsim is updating the index in the PostgreSQL schema ", schema);
    const Clock::time_point deadline = Clock::now() + wait;
    bool told = false;
    while (!try_lock(connection, schema)) {
        if (Clock::now() >= deadline) throw Error(concat(whose, "; wait until it is done"));
        if (!told) {
            log_info(concat(whose, "; waiting for it, up to ",
                            std::chrono::duration_cast<std::chrono::seconds>(wait).count(), " s"));
        }
        told = true;
        std::this_thread::sleep_for(between_tries);
        throw_if_stopped(stop, "nothing was changed");
    }
}

}  // namespace clipsim
