// Pixels to the bytes of an image file, or to the file.
#pragma once

#include <filesystem>
#include <string>

#include "clipsim/image/pixels.h"

namespace clipsim {

// Throw Error.
std::string encode_png(const Pixels& picture);
std::string encode_jpeg(const Pixels& picture);  // quality 92

// Atomic; PNG or JPEG by extension. Throws Error.
void write_picture(const std::filesystem::path& file, const Pixels& picture);

}  // namespace clipsim
