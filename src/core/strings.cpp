#include "clipsim/core/strings.h"

#include <algorithm>
#include <cstdlib>

namespace clipsim {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::filesystem::path expanded_home(std::string_view path) {
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
    if (home == nullptr || (path != "~" && !path.starts_with("~/"))) return path;
    return home + std::string(path.substr(1));
}

}  // namespace clipsim
