// What a file is whose name does not say that it is an image.
#pragma once

#include <filesystem>

namespace clipsim {

// By its name, a video, a document, a program's data or another kind that is known and no image.
bool is_known_other(const std::filesystem::path& file);
// Whether the first bytes are those of an image. False for what can't be read.
bool begins_as_image(const std::filesystem::path& file);
// ".mov", in small letters; "without extension".
std::string kind_of_other(const std::filesystem::path& file);

}  // namespace clipsim
