// One decoder a format. Each takes a whole file, applies no EXIF orientation, prints nothing, and throws
// ImageError with the reason alone: decode_image adds the file's name. Its caller has checked the size that
// `header` tells.
//
// They talk to the codec libraries themselves: OpenCV's readers let those write to stderr, crash on some
// damaged TIFFs and bring some 140 shared libraries along.
#pragma once

#include <cstddef>
#include <span>

#include "clipsim/image/picture_part.h"
#include "clipsim/image/pixels.h"
#include "image_header.h"

namespace clipsim {

Pixels decode_bmp(std::span<const std::byte> bytes, const ImageHeader& header);
Pixels decode_gif(std::span<const std::byte> bytes);  // the first frame
// `reduction` is 1, 2, 4 or 8: the sides come divided by it, rounded up. Without one (1), what is decoded
// is `wanted`, of the picture as it is stored, or more.
PicturePart decode_jpeg(std::span<const std::byte> bytes, const ImageHeader& header, int reduction,
                        const PixelRect& wanted);
Pixels decode_png(std::span<const std::byte> bytes, const ImageHeader& header);
Pixels decode_tiff(std::span<const std::byte> bytes, const ImageHeader& header);  // the first page
Pixels decode_webp(std::span<const std::byte> bytes, const ImageHeader& header);  // the first frame

}  // namespace clipsim
