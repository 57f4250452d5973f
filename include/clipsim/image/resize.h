// Antialiased bicubic resampling, equal to Pillow's Image.resize(..., BICUBIC) (libImaging/Resample.c): the
// filter's support grows with the reduction, coefficients are 22-bit fixed point, horizontal pass first.
// (Pillow 13 takes the vertical pass first where the height shrinks much more than the width, which a resize
// that keeps the shape never does.)
#pragma once

#include "clipsim/image/picture_part.h"
#include "clipsim/image/pixels.h"

namespace clipsim {

// Only the window of the resized picture is computed.
Pixels resize_bicubic(const Pixels& source, int width, int height);
Pixels resize_bicubic(const Pixels& source, int width, int height, const PixelRect& window);

// The same of the rectangle `from` of a picture, as if it were a picture of its own. `source` must hold what
// resize_support says.
Pixels resize_bicubic(const PicturePart& source, const PixelRect& from, int width, int height,
                      const PixelRect& window);

// The pixels that such a resize looks at, in the picture's coordinates.
PixelRect resize_support(const PixelRect& from, int width, int height, const PixelRect& window);

}  // namespace clipsim
