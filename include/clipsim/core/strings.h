// Small helpers for text that users and other programs write.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clipsim {

// Without the blanks and line ends around it.
std::string_view trimmed(std::string_view text);

// `~` and `~/...` with HOME in the place of the ~, where no shell has done it; anything else as it is.
std::filesystem::path expanded_home(std::string_view path);

}  // namespace clipsim
