#include "image_header.h"

#include <algorithm>
#include <utility>

#include "byte_reader.h"

namespace clipsim {

namespace {

using Size = std::optional<std::pair<std::uint64_t, std::uint64_t>>;

// The position after the segment that starts with the marker at `i`, or the end of the data.
std::size_t next_segment(const ByteReader& in, std::size_t i) {
    const std::uint32_t marker = in.byte(i + 1);
    const bool alone = marker == 0x01 || (marker >= 0xD0 && marker <= 0xD9) || marker == 0xFF;
    if (marker == 0xFF) return i + 1;  // a fill byte
    return alone ? i + 2 : i + 2 + std::max<std::uint32_t>(2, in.big16(i + 2));
}

// ITU T.81, B.2.2: the frame header SOFn, n being any but 4 (DHT), 8 (JPG) and 12 (DAC).
Size jpeg_size(const ByteReader& in) {
    for (std::size_t i = 2; i + 9 < in.size() && in.byte(i) == 0xFF; i = next_segment(in, i)) {
        const std::uint32_t marker = in.byte(i + 1);
        if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
            return std::pair<std::uint64_t, std::uint64_t>{in.big16(i + 7), in.big16(i + 5)};
        }
    }
    return std::nullopt;
}

Size webp_size(const ByteReader& in) {
    if (in.size() < 30) return std::nullopt;
    if (in.holds(12, "VP8X")) {
        const std::uint64_t width = (in.little32(24) & 0xFFFFFFU) + 1U;
        const std::uint64_t height = (in.little16(27) | in.byte(29) << 16) + 1U;
        return std::pair{width, height};
    }
    if (in.holds(12, "VP8L")) {
        const std::uint32_t bits = in.little32(21);
        return std::pair<std::uint64_t, std::uint64_t>{(bits & 0x3FFFU) + 1, (bits >> 14 & 0x3FFFU) + 1};
    }
    return std::pair<std::uint64_t, std::uint64_t>{in.little16(26) & 0x3FFFU, in.little16(28) & 0x3FFFU};
}

Size bmp_size(const ByteReader& in) {
    if (in.size() < 26) return std::nullopt;
    if (in.little32(14) == 12)
        return std::pair<std::uint64_t, std::uint64_t>{in.little16(18), in.little16(20)};
    const auto height = static_cast<std::int32_t>(in.little32(22));  // negative: rows from the top
    return std::pair<std::uint64_t, std::uint64_t>{in.little32(18),
                                                   height < 0 ? -std::int64_t{height} : height};
}

// TIFF 6.0: the first directory's ImageWidth (256) and ImageLength (257), each SHORT or LONG.
Size tiff_size(const ByteReader& in) {
    const bool little = in.byte(0) == 'I';
    const auto number16 = [&](std::size_t i) { return little ? in.little16(i) : in.big16(i); };
    const auto number32 = [&](std::size_t i) { return little ? in.little32(i) : in.big32(i); };
    const std::size_t directory = number32(4);
    std::uint64_t width = 0, height = 0;
    for (std::size_t entry = 0; entry < number16(directory); ++entry) {
        const std::size_t at = directory + 2 + entry * 12;
        const std::uint64_t value = number16(at + 2) == 3 ? number16(at + 8) : number32(at + 8);
        if (number16(at) == 256) width = value;
        if (number16(at) == 257) height = value;
    }
    if (width == 0 || height == 0) return std::nullopt;
    return std::pair{width, height};
}

std::optional<ImageHeader> with_format(ImageFormat format, const Size& size) {
    if (!size || size->first == 0 || size->second == 0) return std::nullopt;
    return ImageHeader{format, size->first, size->second};
}

}  // namespace

std::optional<ImageHeader> read_image_header(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    if (in.byte(0) == 0xFF && in.byte(1) == 0xD8) return with_format(ImageFormat::jpeg, jpeg_size(in));
    if (in.byte(0) == 0x89 && in.holds(1, "PNG\r\n\x1A\n")) {
        return with_format(ImageFormat::png,
                           std::pair<std::uint64_t, std::uint64_t>{in.big32(16), in.big32(20)});
    }
    if (in.holds(0, "RIFF") && in.holds(8, "WEBPVP8")) return with_format(ImageFormat::webp, webp_size(in));
    if (in.holds(0, "GIF87a") || in.holds(0, "GIF89a")) {
        return with_format(ImageFormat::gif,
                           std::pair<std::uint64_t, std::uint64_t>{in.little16(6), in.little16(8)});
    }
    if (in.holds(0, "BM")) return with_format(ImageFormat::bmp, bmp_size(in));
    if ((in.holds(0, "II") && in.little16(2) == 42) || (in.holds(0, "MM") && in.big16(2) == 42)) {
        return with_format(ImageFormat::tiff, tiff_size(in));
    }
    return std::nullopt;
}

}  // namespace clipsim
