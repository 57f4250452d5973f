// One writer of an index in PostgreSQL at a time: an advisory lock of the server's.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "postgres.h"

namespace clipsim {

// Held until the object goes, or the connection, which must outlive it, is lost. It is given back by a
// statement of its own: a server notices a closed connection only a little later, and the next writer of the
// same program would find the lock still taken.
class PostgresWriteLock {
  public:
    // Throws Error when another process still writes to the schema after `wait`, Interrupted when `stop` is
    // asked for meanwhile.
    PostgresWriteLock(PgConnection& connection, std::string schema, std::chrono::milliseconds wait,
                      const std::stop_token& stop);
    ~PostgresWriteLock();
    PostgresWriteLock(const PostgresWriteLock&) = delete;
    PostgresWriteLock& operator=(const PostgresWriteLock&) = delete;

  private:
    PgConnection& connection_;
    std::string schema_;
};

}  // namespace clipsim
