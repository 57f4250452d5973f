// The orientation that metadata tell: 1 (as stored) to 8, as in the EXIF standard's tag 0x0112.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace clipsim {

// Of EXIF data, with "Exif\0\0" before them or without; 0 where they say nothing that the standard knows.
int exif_orientation(std::span<const std::byte> exif);
// Of an XMP packet: tiff:Orientation; else 0.
int xmp_orientation(std::string_view packet);

}  // namespace clipsim
