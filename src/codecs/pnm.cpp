// PNM: PBM, PGM and PPM, as text and as bytes, and PAM (netpbm.sourceforge.net/doc). Small formats, which no
// library of the distribution reads.
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <vector>

#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

constexpr std::string_view spaces = " \t\n\v\f\r";

class PnmReader {
  public:
    explicit PnmReader(std::span<const std::byte> bytes)
        : rest_(reinterpret_cast<const char*>(bytes.data()), bytes.size()) {
        const char kind = rest_[1];
        rest_.remove_prefix(2);
        if (kind == '7') {
            read_pam_header();
        } else {
            as_text_ = kind <= '3';
            bits_ = kind == '1' || kind == '4';
            channels_ = kind == '3' || kind == '6' ? 3 : 1;
            header_.width = number();
            header_.height = number();
            if (!bits_) largest_ = number();
        }
        if (!as_text_) take(1);  // one space or the end of the line, then bytes
        if (largest_ < 1 || largest_ > 65535 || channels_ < 1 || channels_ > 4)
            throw ImageError("a PNM of an unknown kind");
    }

    const ImageHeader& header() const { return header_; }

    Pixels decode() {
        // Before memory is taken for what may be a lie: a sample is a byte, or a character, at least.
        const bool packed = bits_ && !as_text_;
        const std::uint64_t least = packed ? (header_.width + 7) / 8 : header_.width * channels_;
        if (rest_.size() < least * header_.height) throw ImageError("the PNM is truncated");
        Pixels pixels = make_pixels(header_.width, header_.height);
        std::vector<std::uint8_t> row(header_.width * channels_);
        const std::size_t colours = channels_ < 3 ? 1 : 3;
        std::uint8_t* target = pixels.rgb.data();
        for (std::uint64_t y = 0; y < header_.height; ++y) {
            read_row(row);
            for (const std::uint8_t* from = row.data(); from != row.data() + row.size(); from += channels_) {
                const std::array rgba{from[0], from[colours / 2], from[colours - 1],
                                      channels_ > colours ? from[colours] : std::uint8_t{255}};
                lay_over_white(rgba.data(), target);
                target += 3;
            }
        }
        return pixels;
    }

  private:
    // Lines of a word and a value, in any order.
    void read_pam_header() {
        for (std::string_view key = word(); key != "ENDHDR"; key = word()) {
            if (key == "WIDTH") header_.width = number();
            if (key == "HEIGHT") header_.height = number();
            if (key == "DEPTH") channels_ = number();
            if (key == "MAXVAL") largest_ = number();
        }
    }

    void read_row(std::vector<std::uint8_t>& row) {
        if (as_text_) {
            for (std::uint8_t& sample : row) sample = bits_ ? light(digit() == '1') : scaled(number());
        } else if (bits_) {
            const std::string_view bytes = take((row.size() + 7) / 8);
            for (std::size_t x = 0; x < row.size(); ++x)
                row[x] = light((static_cast<unsigned char>(bytes[x / 8]) >> (7 - x % 8) & 1U) != 0);
        } else {
            const std::size_t size = largest_ > 255 ? 2 : 1;
            const std::string_view bytes = take(row.size() * size);
            for (std::size_t i = 0; i < row.size(); ++i) {
                const auto first = static_cast<unsigned char>(bytes[i * size]);
                row[i] = scaled(size == 1 ? first
                                          : first * 256U + static_cast<unsigned char>(bytes[i * size + 1]));
            }
        }
    }

    static std::uint8_t light(bool ink) { return ink ? 0 : 255; }
    std::uint8_t scaled(std::uint64_t value) const {
        return static_cast<std::uint8_t>((std::min(value, largest_) * 255 + largest_ / 2) / largest_);
    }

    std::string_view take(std::size_t count) {
        if (rest_.size() < count) throw ImageError("the PNM is truncated");
        const std::string_view taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    // Up to the next thing that is neither space nor a remark.
    void skip_space() {
        for (;;) {
            rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_not_of(spaces)));
            if (!rest_.starts_with('#')) return;
            rest_.remove_prefix(std::min(rest_.size(), rest_.find_first_of("\r\n")));
        }
    }

    char digit() {
        skip_space();
        return take(1)[0];
    }

    std::string_view word() {
        skip_space();
        const std::string_view found = rest_.substr(0, rest_.find_first_of(spaces));
        return take(std::max<std::size_t>(1, found.size()));
    }

    std::uint64_t number() {
        skip_space();
        std::uint32_t value = 0;
        const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
        if (error != std::errc{}) throw ImageError("the PNM is truncated or damaged");
        take(static_cast<std::size_t>(end - rest_.data()));
        return value;
    }

    std::string_view rest_;
    ImageHeader header_;
    bool as_text_ = false, bits_ = false;
    std::uint64_t channels_ = 1, largest_ = 1;
};

}  // namespace

ImageHeader read_pnm_header(std::span<const std::byte> bytes) {
    return PnmReader(bytes).header();
}

Pixels decode_pnm(std::span<const std::byte> bytes, const ImageHeader& /*header*/) {
    return PnmReader(bytes).decode();
}

}  // namespace clipsim
