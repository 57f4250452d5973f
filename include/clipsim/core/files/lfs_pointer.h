// Git LFS's notes, which stand in a checkout in place of large files until these have been fetched.
#pragma once

#include <filesystem>
#include <string_view>

namespace clipsim {

// Throws UsageError, with what to do, where `content` of the file is such a note.
void refuse_lfs_pointer(const std::filesystem::path& path, std::string_view content);

}  // namespace clipsim
