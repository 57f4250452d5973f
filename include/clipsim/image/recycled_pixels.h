// Memory for a picture of which every byte will be written.
#pragma once

#include "clipsim/image/pixels.h"

namespace clipsim {

// Of what this thread gave to recycle(), where there is something: its bytes are what they were.
Pixels recycled_pixels(int width, int height);

}  // namespace clipsim
