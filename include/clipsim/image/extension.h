// Which files are taken for images, by name alone.
#pragma once

#include <filesystem>

namespace clipsim {

// Whether the extension, in any letter case, is one of the formats we know: JPEG (also jfif, jpe, mpo), PNG,
// WebP, BMP, TIFF, GIF, HEIC, AVIF, JPEG XL, JPEG 2000, PNM and the raw files of cameras, also those that
// this build does not read.
bool has_image_extension(const std::filesystem::path& file);

}  // namespace clipsim
