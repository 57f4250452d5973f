#include "clipsim/codecs/image_source.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"
#include "codecs.h"
#include "exif.h"
#include "image_header.h"
#include "orientation.h"

namespace clipsim {

namespace {

// Sides are ints from here on, and some code multiplies one by the bytes of a pixel.
constexpr std::uint64_t max_side = std::numeric_limits<int>::max() / 4;
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

std::string read_image_file(const std::filesystem::path& file) {
    try {
        return read_file(file, max_file_bytes);
    } catch (const UsageError& error) {
        throw ImageError(error.what());
    }
}

ImageHeader checked_header(std::span<const std::byte> bytes, std::uint64_t max_pixels) {
    if (bytes.empty()) throw ImageError("the file is empty");
    const std::optional<ImageHeader> header = read_image_header(bytes);
    if (!header) {
        throw ImageError(
            "not an image in a format clipsim reads (jpg, png, webp, bmp, tiff, gif), or cut short");
    }
    if (header->width > max_pixels / header->height) {
        throw ImageError(concat(header->width, " x ", header->height,
                                " pixels is more than data.max_pixels (", max_pixels, ") allows"));
    }
    if (std::max(header->width, header->height) > max_side) {
        throw ImageError(
            concat(header->width, " x ", header->height, " pixels: no side may be longer than ", max_side));
    }
    return *header;
}

// The codecs tell the reason alone.
template <typename Step>
auto naming(const std::filesystem::path& name, Step&& step) {
    try {
        return step();
    } catch (const ImageError& reason) {
        throw ImageError(concat(printable(name), ": ", printable(reason.what())));
    }
}

}  // namespace

struct ImageSource::File {
    std::filesystem::path name;
    std::string content;  // what `bytes` are of, where they are not the caller's
    std::span<const std::byte> bytes;
    ImageHeader header{};
    Orientation orientation{1};

    int stored_width() const { return static_cast<int>(header.width); }
    int stored_height() const { return static_cast<int>(header.height); }

    void read_header(std::uint64_t max_pixels) {
        naming(name, [&] { header = checked_header(bytes, max_pixels); });
        orientation = Orientation(exif_orientation(bytes, header.format));
    }

    // `part` of the picture as it is stored.
    PicturePart decode(int reduction, const PixelRect& part) const {
        return naming(
            name, [&] { return orientation.turn_upright(decode_as_stored(bytes, header, reduction, part)); });
    }
};

ImageSource::ImageSource(Pixels picture)
    : width_(picture.width), height_(picture.height), picture_(std::move(picture)) {}
ImageSource::ImageSource(std::unique_ptr<const File> file)
    : width_(file->orientation.turned() ? file->stored_height() : file->stored_width()),
      height_(file->orientation.turned() ? file->stored_width() : file->stored_height()),
      file_(std::move(file)) {}
ImageSource::~ImageSource() = default;
ImageSource::ImageSource(ImageSource&&) noexcept = default;
ImageSource& ImageSource::operator=(ImageSource&&) noexcept = default;

PicturePart ImageSource::decode(const PixelRect& part) const {
    if (!file_) return picture_;
    return file_->decode(1,
                         file_->orientation.stored_rect(part, file_->stored_width(), file_->stored_height()));
}

Pixels ImageSource::decode() const {
    return decode({0, 0, width_, height_}).pixels;
}

Pixels ImageSource::decode_reduced(int min_short_side) const {
    if (!file_) return picture_;
    const int reduction = jpeg_reduction(file_->header, min_short_side);
    return file_->decode(reduction, {0, 0, file_->stored_width(), file_->stored_height()}).pixels;
}

ImageSource open_image(const std::filesystem::path& file, std::uint64_t max_pixels) {
    auto opened = std::make_unique<ImageSource::File>();
    opened->name = file;
    opened->content = read_image_file(file);
    opened->bytes = std::as_bytes(std::span(opened->content));
    opened->read_header(max_pixels);
    return ImageSource(std::move(opened));
}

ImageSource open_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                       std::uint64_t max_pixels) {
    auto opened = std::make_unique<ImageSource::File>();
    opened->name = name;
    opened->bytes = bytes;
    opened->read_header(max_pixels);
    return ImageSource(std::move(opened));
}

}  // namespace clipsim
