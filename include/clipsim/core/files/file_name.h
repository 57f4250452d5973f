// Names of files that are made from other names.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace clipsim {

// `stem` and `ending`, one name in `folder`. A stem that leaves no room for the ending, which the file system
// bounds, is cut, and told from others that are cut alike by a hash.
std::filesystem::path named_in(const std::filesystem::path& folder, std::string_view stem,
                               std::string_view ending);

}  // namespace clipsim
