// One writer of an index in PostgreSQL at a time: an advisory lock of the server's.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "postgres.h"

namespace clipsim {

// Held until the object goes, or its process does. It is the lock of a transaction on a connection of its
// own: a pooler that gives each transaction another session leaves it alone, and a server notices at once
// when who holds it is gone, whatever the writer's other connection has begun.
class PostgresWriteLock {
  public:
    // Throws Error when another process still writes to the schema after `wait`, Interrupted when `stop` is
    // asked for meanwhile.
    PostgresWriteLock(const PostgresConfig& server, std::chrono::milliseconds wait,
                      const std::stop_token& stop);
    ~PostgresWriteLock();
    PostgresWriteLock(const PostgresWriteLock&) = delete;
    PostgresWriteLock& operator=(const PostgresWriteLock&) = delete;

    // Throws Error where it is lost: another process may be writing by now.
    void require();

  private:
    PgConnection connection_;
};

}  // namespace clipsim
