#include "postgres_lock.h"

#include <thread>

#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

bool try_lock(PgConnection& connection, const std::string& schema) {
    return connection
        .query(
            "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended('clipsim ' || "
            "current_database() || '.' || $1::text, 0))",
            {schema})
        .truth(0, 0);
}

}  // namespace

PostgresWriteLock::PostgresWriteLock(const PostgresConfig& server, std::chrono::milliseconds wait,
                                     const std::stop_token& stop)
    : connection_(server, stop) {
    using Clock = std::chrono::steady_clock;
    constexpr std::chrono::milliseconds between_tries{50};
    const std::string whose =
        concat("another clipsim is updating the index in the PostgreSQL schema ", printable(server.schema));
    const Clock::time_point deadline = Clock::now() + wait;
    bool told = false;
    // It lasts as long as the update; a server may end sessions that idle in a transaction.
    connection_.execute("BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0");
    while (!try_lock(connection_, server.schema)) {
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

// Not left to the closing of the connection, which the server notices only a little later: the next writer of
// the same program would find the lock still taken.
PostgresWriteLock::~PostgresWriteLock() {
    try {
        connection_.execute("ROLLBACK");
    } catch (const std::exception&) {
        // The connection is lost, and the lock with it.
    }
}

void PostgresWriteLock::require() {
    connection_.execute("SELECT 1");
}

}  // namespace clipsim
