// BMP: no library of the distribution reads it, and it is a small format ([MS-WMF] 2.2.2.9,
// DeviceIndependentBitmap).
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "byte_reader.h"
#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

enum Compression : std::uint32_t {
    uncompressed = 0,
    rle8 = 1,
    rle4 = 2,
    bit_fields = 3,
    alpha_bit_fields = 6
};

constexpr std::size_t file_header = 14;
constexpr std::size_t core_header = 12;  // OS/2's, with 16-bit sizes and palettes of three bytes a colour
constexpr std::size_t size_field = 18;   // the width; the height is behind it

using Colour = std::array<std::uint8_t, 3>;

// Where one channel lies in a pixel's bits.
struct Channel {
    explicit Channel(std::uint32_t bits) : mask(bits), shift(bits == 0 ? 0 : std::countr_zero(bits)) {}
    std::uint8_t of(std::uint32_t pixel) const {
        const std::uint64_t largest = mask >> shift;
        return largest == 0
                   ? 0
                   : static_cast<std::uint8_t>(std::uint64_t{(pixel & mask) >> shift} * 255 / largest);
    }
    std::uint32_t mask;
    int shift;
};

class BmpReader {
  public:
    BmpReader(std::span<const std::byte> bytes, const ImageHeader& header)
        : in_(bytes), pixels_(make_pixels(header.width, header.height)) {
        const std::size_t size = in_.little32(file_header);
        const bool core = size == core_header;
        start_ = in_.little32(10);
        bits_ = in_.little16(file_header + (core ? 10 : 14));
        compression_ = core ? uncompressed : in_.little32(file_header + 16);
        bottom_up_ = core || in_.little32(file_header + 8) <= INT32_MAX;
        if (bits_ <= 8) read_palette(size, core);
        if (start_ == 0) start_ = file_header + size + palette_bytes_;  // some programs do not say
        if (bits_ == 16 || bits_ == 32) read_masks(size);
    }

    Pixels decode() {
        if (compression_ == rle8 || compression_ == rle4) {
            if (bits_ != (compression_ == rle8 ? 8U : 4U)) unknown();
            decode_runs();
        } else if (compression_ == uncompressed || (masks_.size() == 4 && compression_ != uncompressed)) {
            decode_rows();
        } else {
            unknown();
        }
        return std::move(pixels_);
    }

  private:
    [[noreturn]] static void unknown() { throw ImageError("a BMP of an unknown kind"); }
    [[noreturn]] static void truncated() { throw ImageError("the BMP is truncated"); }

    std::uint8_t* target(std::size_t x, std::size_t y) {
        const std::size_t row = bottom_up_ ? static_cast<std::size_t>(pixels_.height) - 1 - y : y;
        return pixels_.rgb.data() + (row * static_cast<std::size_t>(pixels_.width) + x) * 3;
    }

    void read_palette(std::size_t header_size, bool core) {
        if (bits_ != 1 && bits_ != 2 && bits_ != 4 && bits_ != 8) unknown();
        const std::size_t most = std::size_t{1} << bits_;
        const std::size_t used = core ? 0 : in_.little32(file_header + 32);
        const std::size_t step = core ? 3 : 4;
        const std::size_t colours = used == 0 ? most : std::min(used, most);
        palette_bytes_ = colours * step;
        palette_.resize(most);  // an index beyond the colours given is black
        for (std::size_t i = 0; i < colours; ++i) {
            const std::size_t at = file_header + header_size + i * step;
            for (std::size_t channel = 0; channel < 3; ++channel) {
                palette_[i][channel] = static_cast<std::uint8_t>(in_.byte(at + 2 - channel));
            }
        }
    }

    // Red, green, blue and alpha. The fourth byte of a plain 32-bit pixel means nothing.
    void read_masks(std::size_t header_size) {
        if (compression_ == uncompressed) {
            const bool deep = bits_ == 32;
            masks_ = {Channel(deep ? 0xFF0000 : 0x7C00), Channel(deep ? 0xFF00 : 0x3E0),
                      Channel(deep ? 0xFF : 0x1F), Channel(0)};
        } else if (compression_ == bit_fields || compression_ == alpha_bit_fields) {
            // Behind the old header, inside the newer ones: the same place. Alpha's mask came with the newer
            // ones.
            const std::size_t at = file_header + 40;
            const bool with_alpha = header_size >= 56 || compression_ == alpha_bit_fields;
            for (std::size_t i = 0; i < 4; ++i)
                masks_.emplace_back(i < 3 || with_alpha ? in_.little32(at + 4 * i) : 0);
        }
    }

    void decode_rows() {
        if (palette_.empty() && masks_.empty() && bits_ != 24) unknown();
        const std::size_t width = static_cast<std::size_t>(pixels_.width);
        const std::size_t stride = (width * bits_ + 31) / 32 * 4;
        const std::size_t used = (width * bits_ + 7) / 8;  // the last row may lack its padding
        for (std::size_t y = 0; y < static_cast<std::size_t>(pixels_.height); ++y) {
            const std::size_t at = start_ + y * stride;
            if (at + used > in_.size()) truncated();
            for (std::size_t x = 0; x < width; ++x) put(at, x, target(x, y));
        }
    }

    void put(std::size_t row, std::size_t x, std::uint8_t* rgb) const {
        if (!palette_.empty()) {
            const std::size_t bit = x * bits_;
            const std::uint32_t index =
                in_.byte(row + bit / 8) >> (8 - bits_ - bit % 8) & ((1U << bits_) - 1);
            std::ranges::copy(palette_[index], rgb);
        } else if (!masks_.empty()) {
            const std::uint32_t pixel = bits_ == 16 ? in_.little16(row + 2 * x) : in_.little32(row + 4 * x);
            const std::uint8_t alpha = masks_[3].mask == 0 ? 255 : masks_[3].of(pixel);
            const std::array rgba{masks_[0].of(pixel), masks_[1].of(pixel), masks_[2].of(pixel), alpha};
            lay_over_white(rgba.data(), rgb);
        } else {
            for (std::size_t channel = 0; channel < 3; ++channel) {
                rgb[channel] = static_cast<std::uint8_t>(in_.byte(row + 3 * x + 2 - channel));
            }
        }
    }

    // Run-length coding: a count and an index (two indices in turn with 4 bits), or 0 and an order.
    void decode_runs() {
        for (std::size_t i = 0; i < pixels_.rgb.size(); i += 3)
            std::ranges::copy(palette_[0], pixels_.rgb.data() + i);
        for (std::size_t at = start_;;) {
            if (at + 2 > in_.size()) truncated();
            const std::uint32_t count = in_.byte(at), value = in_.byte(at + 1);
            at += 2;
            if (count > 0) {
                for (std::uint32_t i = 0; i < count; ++i)
                    put_index(compression_ == rle8 ? value : nibble(value, i));
            } else if (value == 0) {  // end of the line
                x_ = 0;
                ++y_;
            } else if (value == 1) {  // end of the picture
                return;
            } else if (value == 2) {  // move right and up
                x_ += in_.byte(at);
                y_ += in_.byte(at + 1);
                at += 2;
            } else {  // so many indices as they are, padded to 16 bits
                const std::size_t length = compression_ == rle8 ? value : (value + 1) / 2;
                if (at + length > in_.size()) truncated();
                for (std::uint32_t i = 0; i < value; ++i) {
                    put_index(compression_ == rle8 ? in_.byte(at + i) : nibble(in_.byte(at + i / 2), i));
                }
                at += (length + 1) / 2 * 2;
            }
        }
    }

    static std::uint32_t nibble(std::uint32_t byte, std::uint32_t i) {
        return i % 2 == 0 ? byte >> 4 : byte & 15U;
    }

    // Indices beyond the picture's edge fall away.
    void put_index(std::uint32_t index) {
        if (x_ < static_cast<std::size_t>(pixels_.width) && y_ < static_cast<std::size_t>(pixels_.height)) {
            std::ranges::copy(palette_[index], target(x_, y_));
        }
        ++x_;
    }

    ByteReader in_;
    Pixels pixels_;
    std::size_t start_ = 0, palette_bytes_ = 0;
    std::uint32_t bits_ = 0, compression_ = 0;
    bool bottom_up_ = true;
    std::vector<Colour> palette_;
    std::vector<Channel> masks_;
    std::size_t x_ = 0, y_ = 0;  // of decode_runs
};

}  // namespace

ImageHeader read_bmp_header(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    if (in.size() < size_field + 8) throw ImageError("the BMP is truncated");
    if (in.little32(file_header) == core_header)
        return {in.little16(size_field), in.little16(size_field + 2)};
    const auto height =
        static_cast<std::int32_t>(in.little32(size_field + 4));  // negative: rows from the top
    return {in.little32(size_field), static_cast<std::uint64_t>(std::abs(std::int64_t{height}))};
}

Pixels decode_bmp(std::span<const std::byte> bytes, const ImageHeader& header) {
    return BmpReader(bytes, header).decode();
}

}  // namespace clipsim
