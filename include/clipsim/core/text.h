// Small helpers for the text of messages.
#pragma once

#include <filesystem>
#include <locale>
#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace clipsim {

// Writes numbers as in C whatever the program's locale: what is streamed becomes SQL, file names and keys of
// caches.
class TextStream : public std::ostringstream {
  public:
    TextStream() { imbue(std::locale::classic()); }
};

// The arguments, streamed one after the other: concat("found ", 3, " images").
template <typename... Args>
std::string concat(const Args&... args) {
    TextStream out;
    (out << ... << args);
    return out.str();
}

// A path as one printable line for logs and errors: control characters become \n, \t or \xNN, the rest
// (UTF-8) stays.
std::string printable(const std::filesystem::path& path);

// The candidate nearest to `word` by edit distance, or "" when none is near enough to be a likely
// misspelling.
std::string nearest_name(std::string_view word, std::span<const std::string> candidates);

}  // namespace clipsim
