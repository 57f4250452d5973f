// Which files are taken for images, by name alone.
#pragma once

#include <filesystem>

namespace clipsim {

// Whether the extension is one we read: jpg jpeg png webp bmp tif tiff gif, in any letter case.
bool has_image_extension(const std::filesystem::path& file);

}  // namespace clipsim
