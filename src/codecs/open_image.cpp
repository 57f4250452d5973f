#include "clipsim/codecs/open_image.h"

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

class ImageFile : public EncodedImage {
  public:
    ImageFile(const std::filesystem::path& file, std::uint64_t max_pixels)
        : name_(file), content_(read_image_file(file)), bytes_(std::as_bytes(std::span(content_))) {
        read_header(max_pixels);
    }
    ImageFile(std::span<const std::byte> bytes, const std::filesystem::path& name, std::uint64_t max_pixels)
        : name_(name), bytes_(bytes) {
        read_header(max_pixels);
    }

    int width() const override { return orientation_.turned() ? stored_height() : stored_width(); }
    int height() const override { return orientation_.turned() ? stored_width() : stored_height(); }
    PicturePart decode(const PixelRect& part) const override {
        return decode(1, orientation_.stored_rect(part, stored_width(), stored_height()));
    }
    Pixels decode_reduced(int min_short_side) const override {
        return decode(jpeg_reduction(header_, min_short_side), {0, 0, stored_width(), stored_height()})
            .pixels;
    }
    std::span<const std::byte> bytes() const override { return bytes_; }

  private:
    int stored_width() const { return static_cast<int>(header_.width); }
    int stored_height() const { return static_cast<int>(header_.height); }

    void read_header(std::uint64_t max_pixels) {
        naming(name_, [&] { header_ = checked_header(bytes_, max_pixels); });
        orientation_ = Orientation(exif_orientation(bytes_, header_.format));
    }

    // `part` of the picture as it is stored.
    PicturePart decode(int reduction, const PixelRect& part) const {
        return naming(name_, [&] {
            return orientation_.turn_upright(decode_as_stored(bytes_, header_, reduction, part));
        });
    }

    std::filesystem::path name_;
    std::string content_;  // what `bytes_` are of, where they are not the caller's
    std::span<const std::byte> bytes_;
    ImageHeader header_{};
    Orientation orientation_{1};
};

}  // namespace

ImageSource open_image(const std::filesystem::path& file, std::uint64_t max_pixels) {
    return ImageSource(std::make_unique<ImageFile>(file, max_pixels));
}

ImageSource open_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                       std::uint64_t max_pixels) {
    return ImageSource(std::make_unique<ImageFile>(bytes, name, max_pixels));
}

std::function<ImageSource(const std::filesystem::path&)> image_opener(std::uint64_t max_pixels) {
    return [max_pixels](const std::filesystem::path& file) { return open_image(file, max_pixels); };
}

}  // namespace clipsim
