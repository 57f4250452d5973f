// One decoder per format. Each takes a whole file, applies no EXIF orientation, prints nothing, and throws
// ImageError with the reason alone: open_image adds the file's name. What a file says of itself is read by
// the format's library, which decodes it afterwards, so that the two never disagree; sizes are checked in
// between.
//
// They talk to the codec libraries themselves: OpenCV's readers let those write to stderr, crash on some
// damaged TIFFs and bring some 140 shared libraries along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "clipsim/image/picture_part.h"
#include "clipsim/image/pixels.h"

namespace clipsim {

// What is known of a picture before it is decoded.
struct ImageHeader {
    std::uint64_t width = 0, height = 0;  // as it is stored; unchecked
    int orientation = 0;                  // 1 to 8, as EXIF has it; 0 where the file does not say
};

ImageHeader read_jpeg_header(std::span<const std::byte> bytes);
// `reduction` is 1, 2, 4 or 8: the sides come divided by it, rounded up. Without one (1), what is decoded
// is `wanted`, of the picture as it is stored, or more. `cut_off` becomes true where the file ends within the
// picture: the rest is grey.
PicturePart decode_jpeg(std::span<const std::byte> bytes, int reduction, const PixelRect& wanted,
                        bool& cut_off);

ImageHeader read_bmp_header(std::span<const std::byte> bytes);
Pixels decode_bmp(std::span<const std::byte> bytes, const ImageHeader& header);

ImageHeader read_gif_header(std::span<const std::byte> bytes);
Pixels decode_gif(std::span<const std::byte> bytes, const ImageHeader& header);  // the first frame

ImageHeader read_png_header(std::span<const std::byte> bytes);
Pixels decode_png(std::span<const std::byte> bytes, const ImageHeader& header);

ImageHeader read_pnm_header(std::span<const std::byte> bytes);
Pixels decode_pnm(std::span<const std::byte> bytes, const ImageHeader& header);  // the first picture

ImageHeader read_tiff_header(std::span<const std::byte> bytes);
Pixels decode_tiff(std::span<const std::byte> bytes, const ImageHeader& header);  // the first page
// Whether a TIFF may be a camera's raw file, whose first page is not the picture.
bool may_be_raw(std::span<const std::byte> tiff);

ImageHeader read_webp_header(std::span<const std::byte> bytes);
Pixels decode_webp(std::span<const std::byte> bytes, const ImageHeader& header);  // the first frame

// The libraries behind the rest are loaded when the first such file comes. Each may be absent from a build.
ImageHeader read_heif_header(std::span<const std::byte> bytes);
Pixels decode_heif(std::span<const std::byte> bytes, const ImageHeader& header);  // the primary picture

ImageHeader read_jpeg_xl_header(std::span<const std::byte> bytes);
Pixels decode_jpeg_xl(std::span<const std::byte> bytes, const ImageHeader& header);  // the first frame

ImageHeader read_jpeg_2000_header(std::span<const std::byte> bytes);
Pixels decode_jpeg_2000(std::span<const std::byte> bytes, const ImageHeader& header);

// The picture that a camera laid into its raw file, the largest: a file of another format, and how it lies
// where that file does not say.
struct RawPreview {
    std::string file;
    int orientation = 0;
};
// Nothing where this is no raw file.
std::optional<RawPreview> read_raw_preview(std::span<const std::byte> bytes);

}  // namespace clipsim
