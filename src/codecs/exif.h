// The EXIF orientation of a JPEG, PNG, WebP or TIFF file.
#pragma once

#include <cstddef>
#include <span>

#include "image_header.h"

namespace clipsim {

// 1 (as stored) to 8, as in the EXIF standard's tag 0x0112; 1 where there is none.
int exif_orientation(std::span<const std::byte> bytes, ImageFormat format);

}  // namespace clipsim
