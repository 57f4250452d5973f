// A picture from a file or from bytes, whatever its format.
// EXIF orientation is applied; grey, CMYK, 16-bit and palette become 8-bit RGB, alpha is laid over white, an
// animation is its first frame, a raw file of a camera its largest preview. A JPEG that is cut off is shown
// as far as it goes, grey from there, with a warning.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>

#include "clipsim/image/image_source.h"

namespace clipsim {

constexpr std::uint64_t default_max_pixels = 178'956'970;

// Read the header, and refuse an image of more pixels than `max_pixels`. Throw ImageError.
ImageSource open_image(const std::filesystem::path& file, std::uint64_t max_pixels = default_max_pixels);
// The bytes must outlive the source; `name` is for messages.
ImageSource open_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                       std::uint64_t max_pixels = default_max_pixels);

// open_image with that limit, as loaders need it.
std::function<ImageSource(const std::filesystem::path&)> image_opener(std::uint64_t max_pixels);

}  // namespace clipsim
