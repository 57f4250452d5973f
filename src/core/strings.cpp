#include "clipsim/core/strings.h"

#include <cstdlib>

namespace clipsim {

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::filesystem::path expanded_home(std::string_view path) {
    const char* home = std::getenv("HOME");  // NOLINT(concurrency-mt-unsafe): nobody sets it meanwhile
    if (home == nullptr || (path != "~" && !path.starts_with("~/"))) return path;
    return home + std::string(path.substr(1));
}

}  // namespace clipsim
