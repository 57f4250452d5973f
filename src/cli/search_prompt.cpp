#include "search_prompt.h"

#include <editline/readline.h>
#include <locale.h>  // NOLINT(modernize-deprecated-headers): POSIX has more in it
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <memory>

#include "clipsim/core/strings.h"

namespace clipsim::cli {

namespace {

std::filesystem::path history_file() {
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
        return std::filesystem::path(state) / "clipsim" / "history";
    }
    if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
        return std::filesystem::path(home) / ".local" / "state" / "clipsim" / "history";
    }
    return {};
}

struct FreeLine {
    void operator()(char* line) const { std::free(line); }
};

// libedit takes the keys of the locale's character set, and in the C locale drops all that is not ASCII. Ours
// are UTF-8; numbers and everything else stay as they are.
class Utf8Keys {
  public:
    Utf8Keys() : utf8_(::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr)) {
        if (utf8_ == nullptr) utf8_ = ::newlocale(LC_CTYPE_MASK, "", nullptr);
        if (utf8_ != nullptr) before_ = ::uselocale(utf8_);
    }
    ~Utf8Keys() {
        if (utf8_ == nullptr) return;
        ::uselocale(before_);
        ::freelocale(utf8_);
    }
    Utf8Keys(const Utf8Keys&) = delete;
    Utf8Keys& operator=(const Utf8Keys&) = delete;

  private:
    ::locale_t utf8_ = nullptr, before_ = nullptr;
};

std::optional<std::string> read_terminal_line() {
    const Utf8Keys keys;
    const std::unique_ptr<char, FreeLine> line(::readline("clipsim> "));
    if (!line) {
        std::cerr << '\n';
        return std::nullopt;
    }
    if (*line != '\0') ::add_history(line.get());
    return std::string(line.get());
}

std::optional<std::string> read_plain_line() {
    std::string line;
    if (!std::getline(std::cin, line)) return std::nullopt;
    return line;
}

}  // namespace

SearchPrompt::SearchPrompt(std::stop_token stop)
    : terminal_(::isatty(STDIN_FILENO) == 1), stop_(std::move(stop)), history_(history_file()) {
    if (!terminal_) return;
    const Utf8Keys keys;
    ::rl_outstream = stderr;  // results own stdout
    ::using_history();
    if (!history_.empty()) ::read_history(history_.c_str());
}

SearchPrompt::~SearchPrompt() {
    if (!terminal_ || history_.empty()) return;
    std::error_code ignored;
    std::filesystem::create_directories(history_.parent_path(), ignored);
    ::stifle_history(1000);
    ::write_history(history_.c_str());
}

std::optional<std::string> SearchPrompt::next() {
    while (!stop_.stop_requested()) {
        // readline waits in read(2), which a stop request does not end; leaving is all that Ctrl-C can mean
        // here.
        const std::stop_callback leave(stop_, [this] {
            if (terminal_) ::rl_deprep_terminal();
            ::_exit(130);
        });
        const std::optional<std::string> line = terminal_ ? read_terminal_line() : read_plain_line();
        if (!line) return std::nullopt;
        const std::string text(trimmed(*line));
        if (text == "quit" || text == "exit" || text == "q") return std::nullopt;
        if (!text.empty()) return text;
    }
    return std::nullopt;
}

}  // namespace clipsim::cli
