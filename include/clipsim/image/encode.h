// Pixels to the bytes of an image file.
#pragma once

#include <string>

#include "clipsim/image/pixels.h"

namespace clipsim {

// Throw Error.
std::string encode_png(const Pixels& picture);
std::string encode_jpeg(const Pixels& picture);  // quality 92

}  // namespace clipsim
