#include "clipsim/codecs/decode.h"

#include <algorithm>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/text.h"
#include "codecs.h"
#include "exif.h"
#include "image_header.h"
#include "orientation.h"

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

// `part` is of the picture at full size; only JPEGs are decoded in part.
PicturePart decode_as_stored(std::span<const std::byte> bytes, const ImageHeader& header, int reduction,
                             const PixelRect& part) {
    switch (header.format) {
        case ImageFormat::jpeg:
            return decode_jpeg(bytes, header, reduction, part);
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

// What `wanted` says of the upright picture, in the stored one.
PixelRect stored_part(const ImageHeader& header, const Orientation& orientation, const PartChooser& wanted) {
    const int width = static_cast<int>(header.width), height = static_cast<int>(header.height);
    if (!wanted) return {0, 0, width, height};
    const PixelRect part = orientation.turned() ? wanted(height, width) : wanted(width, height);
    return orientation.stored_rect(part, width, height);
}

PicturePart decode_checked(std::span<const std::byte> bytes, const DecodeOptions& options,
                           const PartChooser& wanted) {
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
    const Orientation orientation(exif_orientation(bytes, header->format));
    const int reduction = wanted ? 1 : jpeg_reduction(*header, options.min_short_side);
    return orientation.turn_upright(
        decode_as_stored(bytes, *header, reduction, stored_part(*header, orientation, wanted)));
}

std::string read_image_file(const std::filesystem::path& file) {
    try {
        return read_file(file, max_file_bytes);
    } catch (const UsageError& error) {
        throw ImageError(error.what());
    }
}

}  // namespace

PicturePart decode_part(std::span<const std::byte> bytes, const std::filesystem::path& name,
                        const DecodeOptions& options, const PartChooser& wanted) {
    try {
        return decode_checked(bytes, options, wanted);
    } catch (const ImageError& reason) {
        throw ImageError(concat(printable(name), ": ", printable(reason.what())));
    }
}

PicturePart decode_part(const std::filesystem::path& file, const DecodeOptions& options,
                        const PartChooser& wanted) {
    const std::string content = read_image_file(file);
    return decode_part(std::as_bytes(std::span(content)), file, options, wanted);
}

Pixels decode_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                    const DecodeOptions& options) {
    return decode_part(bytes, name, options, {}).pixels;
}

Pixels decode_image(const std::filesystem::path& file, const DecodeOptions& options) {
    return decode_part(file, options, {}).pixels;
}

}  // namespace clipsim
