#include "clipsim/image/decode.h"

#include <algorithm>
#include <array>
#include <opencv2/core.hpp>
#include <opencv2/core/utils/logger.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/text.h"
#include "exif.h"
#include "gif.h"
#include "image_header.h"

namespace clipsim {

namespace {

constexpr std::uint64_t max_file_bytes = UINT64_C(2) << 30;

[[noreturn]] void refuse(const std::filesystem::path& name, const std::string& reason) {
    throw ImageError(concat(printable(name), ": ", reason));
}

// Any depth to 8 bits: 16-bit values keep their high part, floats are taken as 0 to 1.
cv::Mat to_8_bit(const cv::Mat& image) {
    cv::Mat result;
    switch (image.depth()) {
        case CV_8U: return image;
        case CV_16U: image.convertTo(result, CV_8U, 1.0 / 257.0); break;
        case CV_32F:
        case CV_64F: image.convertTo(result, CV_8U, 255.0); break;
        default: image.convertTo(result, CV_8U); break;
    }
    return result;
}

// Pixels with alpha laid over white, as 8-bit BGR.
cv::Mat over_white(const cv::Mat& bgra) {
    cv::Mat result(bgra.rows, bgra.cols, CV_8UC3);
    for (int y = 0; y < bgra.rows; ++y) {
        const auto* in = bgra.ptr<cv::Vec4b>(y);
        auto* out = result.ptr<cv::Vec3b>(y);
        for (int x = 0; x < bgra.cols; ++x) {
            const int alpha = in[x][3];
            for (int channel = 0; channel < 3; ++channel) {
                out[x][channel] = static_cast<std::uint8_t>((in[x][channel] * alpha + 255 * (255 - alpha) + 127) / 255);
            }
        }
    }
    return result;
}

cv::Mat to_bgr(const cv::Mat& decoded) {
    const cv::Mat image = to_8_bit(decoded);
    cv::Mat result;
    switch (image.channels()) {
        case 1: cv::cvtColor(image, result, cv::COLOR_GRAY2BGR); return result;
        case 2: {  // grey with alpha
            std::array<cv::Mat, 2> planes;
            cv::split(image, planes.data());
            const std::array<cv::Mat, 4> bgra{planes[0], planes[0], planes[0], planes[1]};
            cv::merge(bgra.data(), bgra.size(), result);
            return over_white(result);
        }
        case 4: return over_white(image);
        default: return image;
    }
}

// EXIF orientations 2 to 8 as mirrorings and turns (Pillow's ImageOps.exif_transpose).
cv::Mat turn_upright(cv::Mat image, int orientation) {
    if (orientation >= 5) cv::transpose(image, image);
    switch (orientation) {
        case 2:
        case 6: cv::flip(image, image, 1); break;
        case 3:
        case 7: cv::flip(image, image, -1); break;
        case 4:
        case 8: cv::flip(image, image, 0); break;
        default: break;
    }
    return image;
}

// libjpeg can decode at 1/2, 1/4 and 1/8 while it is about it; how much of that the caller allows.
int jpeg_flags(const ImageHeader& header, int min_short_side) {
    const std::uint64_t side = std::min(header.width, header.height);
    int flags = cv::IMREAD_COLOR;
    if (min_short_side > 0) {
        const auto keeps = [&](std::uint64_t factor) { return side / factor >= static_cast<std::uint64_t>(min_short_side); };
        if (keeps(8)) {
            flags = cv::IMREAD_REDUCED_COLOR_8;
        } else if (keeps(4)) {
            flags = cv::IMREAD_REDUCED_COLOR_4;
        } else if (keeps(2)) {
            flags = cv::IMREAD_REDUCED_COLOR_2;
        }
    }
    return flags | cv::IMREAD_IGNORE_ORIENTATION;
}

Pixels to_pixels(const cv::Mat& bgr) {
    Pixels pixels{bgr.cols, bgr.rows, {}};
    pixels.rgb.resize(static_cast<std::size_t>(pixels.width) * pixels.height * 3);
    cv::Mat rgb(bgr.rows, bgr.cols, CV_8UC3, pixels.rgb.data());
    cv::cvtColor(bgr, rgb, cv::COLOR_BGR2RGB);
    return pixels;
}

cv::Mat decode_with_opencv(std::span<const std::byte> bytes, const ImageHeader& header, const DecodeOptions& options) {
    cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
    // OpenCV does not write to what it decodes from.
    const cv::Mat buffer(1, static_cast<int>(bytes.size()), CV_8UC1, const_cast<std::byte*>(bytes.data()));
    // A JPEG asked for unchanged would come as CMYK or YCCK; in colour OpenCV converts those.
    const int flags =
        header.format == ImageFormat::jpeg ? jpeg_flags(header, options.min_short_side) : cv::IMREAD_UNCHANGED;
    return cv::imdecode(buffer, flags);
}

}  // namespace

Pixels decode_image(std::span<const std::byte> bytes, const std::filesystem::path& name, const DecodeOptions& options) {
    if (bytes.empty()) refuse(name, "the file is empty");
    const std::optional<ImageHeader> header = read_image_header(bytes);
    if (!header) refuse(name, "not an image in a format clipsim reads (jpg, png, webp, bmp, tiff, gif), or cut short");
    if (header->width > options.max_pixels / header->height) {
        refuse(name, concat(header->width, " x ", header->height, " pixels is more than data.max_pixels (",
                            options.max_pixels, ") allows"));
    }
    if (header->format == ImageFormat::gif) return decode_gif(bytes, name);
    if (header->format == ImageFormat::jpeg && !jpeg_is_complete(bytes)) refuse(name, "the JPEG is truncated");
    try {
        const cv::Mat decoded = decode_with_opencv(bytes, *header, options);
        if (decoded.empty()) refuse(name, "the image is truncated or damaged");
        return to_pixels(turn_upright(to_bgr(decoded), exif_orientation(bytes, header->format)));
    } catch (const cv::Exception& error) {
        refuse(name, concat("the image can't be decoded: ", error.err));
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
