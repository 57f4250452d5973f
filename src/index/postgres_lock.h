// One writer of an index in PostgreSQL at a time.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "postgres.h"

namespace clipsim {

// Until the connection ends, however it does. Throws Error when another process still writes to the schema
// after `wait`, Interrupted when `stop` is asked for meanwhile.
void lock_for_writing(PgConnection& connection, const std::string& schema, std::chrono::milliseconds wait,
                      const std::stop_token& stop);

}  // namespace clipsim
