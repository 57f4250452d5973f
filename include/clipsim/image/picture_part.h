// A part of a picture, and where in the picture it lies: what a crop does not look at need not be decoded.
#pragma once

#include <utility>

#include "clipsim/image/pixels.h"

namespace clipsim {

struct PixelRect {
    int x = 0, y = 0, width = 0, height = 0;

    bool operator==(const PixelRect&) const = default;
};

// The pixels from (x, y) on, of a picture of whole_width x whole_height.
struct PicturePart {
    PicturePart() = default;
    // NOLINTNEXTLINE(google-explicit-constructor): a picture is the largest of its parts
    PicturePart(Pixels whole)
        : pixels(std::move(whole)), whole_width(pixels.width), whole_height(pixels.height) {}
    PicturePart(Pixels part, int left, int top, int width, int height)
        : pixels(std::move(part)), x(left), y(top), whole_width(width), whole_height(height) {}

    Pixels pixels;
    int x = 0, y = 0;
    int whole_width = 0, whole_height = 0;
};

}  // namespace clipsim
