#include "clipsim/image/decode.h"

#include <algorithm>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/text.h"
#include "codecs.h"
#include "exif.h"
#include "image_header.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

constexpr std::uint64_t max_file_bytes = UINT64_C(2) << 30;

// libjpeg can decode at 1/2, 1/4 and 1/8 while it is about it; how much of that the caller allows.
int jpeg_reduction(const ImageHeader& header, int min_short_side) {
    if (min_short_side <= 0) return 1;
    const std::uint64_t side = std::min(header.width, header.height);
    for (const int factor : {8, 4, 2}) {
        if (side / factor >= static_cast<std::uint64_t>(min_short_side)) return factor;
    }
    return 1;
}

Pixels decode_as_stored(std::span<const std::byte> bytes, const ImageHeader& header,
                        const DecodeOptions& options) {
    switch (header.format) {
        case ImageFormat::jpeg:
            return decode_jpeg(bytes, header, jpeg_reduction(header, options.min_short_side));
        case ImageFormat::png:
            return decode_png(bytes, header);
        case ImageFormat::webp:
            return decode_webp(bytes, header);
        case ImageFormat::bmp:
            return decode_bmp(bytes, header);
        case ImageFormat::tiff:
            return decode_tiff(bytes, header);
        case ImageFormat::gif:
            break;
    }
    return decode_gif(bytes);
}

// EXIF orientations 2 to 8 as mirrorings and turns (Pillow's ImageOps.exif_transpose).
Pixels turn_upright(Pixels stored, int orientation) {
    if (orientation < 2 || orientation > 8) return stored;
    const bool turned = orientation >= 5;  // rows become columns
    // Where the upright picture's left and top edge lie in the stored one.
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    Pixels upright =
        make_pixels(turned ? stored.height : stored.width, turned ? stored.width : stored.height);
    std::uint8_t* target = upright.rgb.data();
    for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x, target += 3) {
            const int across = turned ? y : x, down = turned ? x : y;
            const int column = from_right ? stored.width - 1 - across : across;
            const int row = from_bottom ? stored.height - 1 - down : down;
            std::copy_n(stored.rgb.data() + (static_cast<std::size_t>(row) * stored.width + column) * 3, 3,
                        target);
        }
    }
    return upright;
}

Pixels decode_checked(std::span<const std::byte> bytes, const DecodeOptions& options) {
    if (bytes.empty()) throw ImageError("the file is empty");
    const std::optional<ImageHeader> header = read_image_header(bytes);
    if (!header) {
        throw ImageError(
            "not an image in a format clipsim reads (jpg, png, webp, bmp, tiff, gif), or cut short");
    }
    if (header->width > options.max_pixels / header->height) {
        throw ImageError(concat(header->width, " x ", header->height,
                                " pixels is more than data.max_pixels (", options.max_pixels, ") allows"));
    }
    return turn_upright(decode_as_stored(bytes, *header, options), exif_orientation(bytes, header->format));
}

}  // namespace

Pixels decode_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                    const DecodeOptions& options) {
    try {
        return decode_checked(bytes, options);
    } catch (const ImageError& reason) {
        throw ImageError(concat(printable(name), ": ", printable(reason.what())));
    }
}

Pixels decode_image(const std::filesystem::path& file, const DecodeOptions& options) {
    std::string content;
    try {
        content = read_file(file, max_file_bytes);
    } catch (const UsageError& error) {
        throw ImageError(error.what());
    }
    return decode_image(std::as_bytes(std::span(content)), file, options);
}

}  // namespace clipsim
