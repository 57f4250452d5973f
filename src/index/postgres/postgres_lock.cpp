#include "postgres_lock.h"

#include <thread>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// Calls pg_try_advisory_lock or pg_advisory_unlock with the schema's key; what it says.
bool call(PgConnection& connection, const std::string& function, const std::string& schema) {
    const PgResult answer =
        connection.query(concat("SELECT ", function,
                                "(hashtextextended('clipsim ' || current_database() || '.' || $1::text, 0))"),
                         {schema});
    return answer.bytes(0, 0) == std::string_view("\1", 1);
}

}  // namespace

PostgresWriteLock::PostgresWriteLock(PgConnection& connection, std::string schema,
                                     std::chrono::milliseconds wait, const std::stop_token& stop)
    : connection_(connection), schema_(std::move(schema)) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds between_tries{50};
    const std::string whose =
        concat("another clipsim is updating the index in the PostgreSQL schema ", schema_);
    const Clock::time_point deadline = Clock::now() + wait;
    bool told = false;
    while (!call(connection_, "pg_try_advisory_lock", schema_)) {
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

PostgresWriteLock::~PostgresWriteLock() {
    try {
        call(connection_, "pg_advisory_unlock", schema_);
    } catch (const std::exception&) {
        // The connection is lost, and the lock with it.
    }
}

}  // namespace clipsim
