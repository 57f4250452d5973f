#include "clipsim/codecs/open_image.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/image/image_format.h"
#include "codecs.h"
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

struct Codec {
    ImageFormat format;
    ImageHeader (*read_header)(std::span<const std::byte> bytes);
    Pixels (*decode)(std::span<const std::byte> bytes, const ImageHeader& header);
};

// All but JPEG, which alone is decoded in part, and raw files, whose pictures are of other formats.
constexpr std::array codecs{
    Codec{ImageFormat::png, read_png_header, decode_png},
    Codec{ImageFormat::webp, read_webp_header, decode_webp},
    Codec{ImageFormat::bmp, read_bmp_header, decode_bmp},
    Codec{ImageFormat::tiff, read_tiff_header, decode_tiff},
    Codec{ImageFormat::gif, read_gif_header, decode_gif},
    Codec{ImageFormat::heif, read_heif_header, decode_heif},
    Codec{ImageFormat::jpeg_xl, read_jpeg_xl_header, decode_jpeg_xl},
    Codec{ImageFormat::jpeg_2000, read_jpeg_2000_header, decode_jpeg_2000},
    Codec{ImageFormat::pnm, read_pnm_header, decode_pnm},
};

const Codec& codec_of(ImageFormat format) {
    const auto found = std::ranges::find(codecs, format, &Codec::format);
    if (found == codecs.end()) throw ImageError("a raw file without a preview picture that can be read");
    return *found;
}

std::string read_image_file(const std::filesystem::path& file) {
    try {
        return read_file(file, max_file_bytes);
    } catch (const UsageError& error) {
        throw ImageError(error.what());
    }
}

void check_size(const ImageHeader& header, std::uint64_t max_pixels) {
    if (header.width == 0 || header.height == 0) throw ImageError("a picture without pixels");
    if (header.width > max_pixels / header.height) {
        throw ImageError(concat(header.width, " x ", header.height, " pixels is more than data.max_pixels (",
                                max_pixels, ") allows"));
    }
    if (std::max(header.width, header.height) > max_side) {
        throw ImageError(
            concat(header.width, " x ", header.height, " pixels: no side may be longer than ", max_side));
    }
}

// The codecs tell the reason alone.
template <typename Step>
auto naming(const std::filesystem::path& name, Step&& step) {
    try {
        return step();
    } catch (const Error& reason) {
        throw ImageError(concat(printable(name), ": ", printable(reason.what())));
    }
}

class ImageFile : public EncodedImage {
  public:
    ImageFile(const std::filesystem::path& file, std::uint64_t max_pixels)
        : name_(file), content_(read_image_file(file)), bytes_(std::as_bytes(std::span(content_))) {
        naming(name_, [&] { read_header(max_pixels); });
    }
    ImageFile(std::span<const std::byte> bytes, const std::filesystem::path& name, std::uint64_t max_pixels)
        : name_(name), bytes_(bytes) {
        naming(name_, [&] { read_header(max_pixels); });
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
        if (bytes_.empty()) throw ImageError("the file is empty");
        picture_ = bytes_;
        const int raw_orientation = take_preview();
        const std::optional<ImageFormat> format = image_format(picture_);
        if (!format) throw ImageError("not an image in a format clipsim reads, or cut short");
        format_ = *format;
        header_ = format_ == ImageFormat::jpeg ? read_jpeg_header(picture_)
                                               : codec_of(format_).read_header(picture_);
        check_size(header_, max_pixels);
        orientation_ = Orientation(header_.orientation != 0 ? header_.orientation : raw_orientation);
    }

    // Of a raw file the preview stands for the picture. Its orientation, or 0.
    int take_preview() {
        const std::optional<ImageFormat> format = image_format(bytes_);
        if (format != ImageFormat::raw && !(format == ImageFormat::tiff && may_be_raw(bytes_))) return 0;
        std::optional<RawPreview> preview = read_raw_preview(bytes_);
        if (!preview && format == ImageFormat::raw)
            throw ImageError("a raw file that is damaged or of a camera that LibRaw does not know");
        if (!preview) return 0;
        preview_ = std::move(preview->file);
        picture_ = std::as_bytes(std::span(preview_));
        return preview->orientation;
    }

    // `part` of the picture as it is stored.
    PicturePart decode(int reduction, const PixelRect& part) const {
        return naming(name_, [&] {
            if (format_ != ImageFormat::jpeg)
                return orientation_.turn_upright(codec_of(format_).decode(picture_, header_));
            bool cut_off = false;
            PicturePart decoded = decode_jpeg(picture_, reduction, part, cut_off);
            if (cut_off)
                log_warning(
                    concat(printable(name_), ": the file is cut off, and the rest of the picture grey"));
            return orientation_.turn_upright(std::move(decoded));
        });
    }

    std::filesystem::path name_;
    std::string content_, preview_;  // what the spans are of, where they are not the caller's
    std::span<const std::byte> bytes_, picture_;
    ImageFormat format_ = ImageFormat::jpeg;
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
