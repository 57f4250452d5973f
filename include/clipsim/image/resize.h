// Antialiased bicubic resampling, equal to Pillow's Image.resize(..., BICUBIC) (libImaging/Resample.c): the
// filter's support grows with the reduction, coefficients are 22-bit fixed point, horizontal pass first.
// (Pillow 13 takes the vertical pass first where the height shrinks much more than the width, which a resize
// that keeps the shape never does.)
#pragma once

#include "clipsim/image/pixels.h"

namespace clipsim {

// Only the window [crop_x, crop_x + crop_width) x [crop_y, ...) of the resized picture is computed.
struct CropWindow {
    int x = 0, y = 0, width = 0, height = 0;
};

Pixels resize_bicubic(const Pixels& source, int width, int height);
Pixels resize_bicubic(const Pixels& source, int width, int height, const CropWindow& window);

}  // namespace clipsim
