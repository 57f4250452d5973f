// Pixels to the bytes of an image file, or to the file.
#pragma once

#include <filesystem>
#include <string>

#include "clipsim/image/pixels.h"

namespace clipsim {

// `maker` is written into the file where it is given: PNG's Software, JPEG's comment. Throw Error.
std::string encode_png(const Pixels& picture, const std::string& maker = {});
std::string encode_jpeg(const Pixels& picture, const std::string& maker = {});  // quality 92

// Whether write_picture knows the extension.
bool is_picture_name(const std::filesystem::path& file);

// Atomic; PNG or JPEG by extension. Throws Error.
void write_picture(const std::filesystem::path& file, const Pixels& picture, const std::string& maker = {});

}  // namespace clipsim
