// Logging to stderr. spdlog stays behind this header: its fmt clashes with the one in LibTorch's headers.
// Thread-safe.
#pragma once

#include <string_view>

namespace clipsim {

enum class LogLevel { debug, info, warning, error, off };

// Throws UsageError for a name that is not debug, info, warning, error or off.
LogLevel parse_log_level(std::string_view name);
void set_log_level(LogLevel level);

void log_debug(std::string_view message);
void log_info(std::string_view message);
void log_warning(std::string_view message);
void log_error(std::string_view message);

}  // namespace clipsim
