#include "exif.h"

#include "byte_reader.h"

namespace clipsim {

namespace {

constexpr int upright = 1;

// `tiff` begins with the byte order; the tag is looked for in the first directory.
int orientation_of_tiff(std::span<const std::byte> tiff) {
    const ByteReader in(tiff);
    const bool little = in.holds(0, "II");
    if (!little && !in.holds(0, "MM")) return upright;
    const auto number16 = [&](std::size_t i) { return little ? in.little16(i) : in.big16(i); };
    const std::size_t directory = little ? in.little32(4) : in.big32(4);
    for (std::size_t entry = 0; entry < number16(directory); ++entry) {
        const std::size_t at = directory + 2 + entry * 12;
        if (number16(at) != 0x0112) continue;
        const auto value = static_cast<int>(number16(at + 8));
        return value >= 1 && value <= 8 ? value : upright;
    }
    return upright;
}

int orientation_of_jpeg(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    std::size_t i = 2;
    while (i + 4 < in.size() && in.byte(i) == 0xFF && in.byte(i + 1) != 0xDA) {
        const std::size_t length = in.big16(i + 2);
        if (in.byte(i + 1) == 0xE1 && in.holds(i + 4, "Exif") && i + 10 < in.size()) {
            return orientation_of_tiff(bytes.subspan(i + 10));
        }
        i += 2 + (length < 2 ? 2 : length);
    }
    return upright;
}

int orientation_of_png(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    for (std::size_t i = 8; i + 12 <= in.size(); i += 12 + std::size_t{in.big32(i)}) {
        if (in.holds(i + 4, "eXIf")) return orientation_of_tiff(bytes.subspan(i + 8));
        if (in.holds(i + 4, "IEND")) break;
    }
    return upright;
}

int orientation_of_webp(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    for (std::size_t i = 12; i + 8 < in.size();) {
        const std::size_t length = in.little32(i + 4);
        if (in.holds(i, "EXIF")) {
            const std::size_t start = in.holds(i + 8, "Exif") ? i + 14 : i + 8;
            return start < in.size() ? orientation_of_tiff(bytes.subspan(start)) : upright;
        }
        i += 8 + length + (length & 1U);
    }
    return upright;
}

}  // namespace

int exif_orientation(std::span<const std::byte> bytes, ImageFormat format) {
    switch (format) {
        case ImageFormat::jpeg:
            return orientation_of_jpeg(bytes);
        case ImageFormat::png:
            return orientation_of_png(bytes);
        case ImageFormat::webp:
            return orientation_of_webp(bytes);
        case ImageFormat::tiff:
            return orientation_of_tiff(bytes);
        case ImageFormat::bmp:
        case ImageFormat::gif:
            break;
    }
    return upright;
}

}  // namespace clipsim
