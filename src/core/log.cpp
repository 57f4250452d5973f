#include "clipsim/core/log.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// One line a message on stderr: "clipsim: warning: ...". On a terminal it first clears the progress bar's
// line.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
  protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        std::string line = ::isatty(STDERR_FILENO) == 1 ? "\r\033[Kclipsim: " : "clipsim: ";
        if (message.level == spdlog::level::debug) line += "debug: ";
        if (message.level == spdlog::level::warn) line += "warning: ";
        if (message.level == spdlog::level::err) line += "error: ";
        // One line, and nothing in it that steers the terminal, whatever it quotes.
        line += printable(std::string(message.payload.data(), message.payload.size()));
        line += '\n';
        std::fwrite(line.data(), 1, line.size(), stderr);
    }
    void flush_() override { std::fflush(stderr); }
};

// spdlog's registry is the one owner of the logger.
std::shared_ptr<spdlog::logger> logger() {
    constexpr const char* name = "clipsim";
    if (std::shared_ptr<spdlog::logger> existing = spdlog::get(name)) return existing;
    auto created = std::make_shared<spdlog::logger>(name, std::make_shared<StderrSink>());
    try {
        spdlog::register_logger(created);
    } catch (const spdlog::spdlog_ex&) {  // another thread was faster
        return spdlog::get(name);
    }
    return created;
}

void write(spdlog::level::level_enum level, std::string_view message) {
    logger()->log(level, spdlog::string_view_t(message.data(), message.size()));
}

}  // namespace

LogLevel parse_log_level(std::string_view name) {
    constexpr std::array<std::pair<std::string_view, LogLevel>, 5> levels{{{"debug", LogLevel::debug},
                                                                           {"info", LogLevel::info},
                                                                           {"warning", LogLevel::warning},
                                                                           {"error", LogLevel::error},
                                                                           {"off", LogLevel::off}}};
    for (const auto& [known, level] : levels) {
        if (name == known) return level;
    }
    throw UsageError(concat("unknown log level \"", name, "\"; expected debug, info, warning, error or off"));
}

void set_log_level(LogLevel level) {
    constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                                spdlog::level::err, spdlog::level::off};
    logger()->set_level(levels[static_cast<std::size_t>(level)]);
}

void log_debug(std::string_view message) {
    write(spdlog::level::debug, message);
}
void log_info(std::string_view message) {
    write(spdlog::level::info, message);
}
void log_warning(std::string_view message) {
    write(spdlog::level::warn, message);
}
void log_error(std::string_view message) {
    write(spdlog::level::err, message);
}

}  // namespace clipsim
