// The first frame of a GIF, by giflib: OpenCV of Debian 12 has no GIF decoder.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

#include "clipsim/image/pixels.h"

namespace clipsim {

// Transparent pixels become white. Throws ImageError. The caller has checked the canvas size.
Pixels decode_gif(std::span<const std::byte> bytes, const std::filesystem::path& name);

}  // namespace clipsim
