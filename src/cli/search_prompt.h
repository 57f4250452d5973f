// The prompt of `search --interactive`: line editing and history by libedit on a terminal, plain lines
// elsewhere.
#pragma once

#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>

namespace clipsim::cli {

class SearchPrompt {
  public:
    // On a terminal Ctrl-C leaves the program with 130 while the prompt waits.
    explicit SearchPrompt(std::stop_token stop);
    ~SearchPrompt();
    SearchPrompt(const SearchPrompt&) = delete;
    SearchPrompt& operator=(const SearchPrompt&) = delete;

    // The next line that is not blank. Nothing at the end of input and for "quit", "exit" and "q".
    std::optional<std::string> next();

  private:
    bool terminal_;
    std::stop_token stop_;
    std::filesystem::path history_;
};

}  // namespace clipsim::cli
