// Which files clipsim may write over unasked: its own. A photo, a config or another program's file in the
// place of an output is more likely a slip of the command line.
#pragma once

#include <filesystem>
#include <string_view>

namespace clipsim {

// What pictures and pages that clipsim draws are marked with, in PNG's text, JPEG's comment and HTML's meta
// element.
inline constexpr std::string_view drawn_by = "clipsim";

// Whether clipsim wrote it, by its content: a marked picture or page, a matrix of write_npy, the names that
// `clipsim embed` writes beside one. False for a file that can't be read.
bool is_own_output(const std::filesystem::path& file);

// Throws UsageError where an output can't go to `file`: it is a folder, its name is too long, or (unless
// `force`) it is there and not clipsim's. An empty file is nobody's.
void check_output(const std::filesystem::path& file, bool force);

}  // namespace clipsim
