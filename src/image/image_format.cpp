#include "clipsim/image/image_format.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace clipsim {

namespace {

using namespace std::string_view_literals;

struct Signature {
    std::string_view bytes;
    ImageFormat format;
};

constexpr std::array signatures{
    Signature{"\xFF\xD8"sv, ImageFormat::jpeg},
    Signature{"\x89PNG\r\n\x1A\n"sv, ImageFormat::png},
    Signature{"GIF87a"sv, ImageFormat::gif},
    Signature{"GIF89a"sv, ImageFormat::gif},
    Signature{"II*\0"sv, ImageFormat::tiff},
    Signature{"MM\0*"sv, ImageFormat::tiff},
    Signature{"II+\0"sv, ImageFormat::tiff},  // BigTIFF
    Signature{"MM\0+"sv, ImageFormat::tiff},
    Signature{"\xFF\x0A"sv, ImageFormat::jpeg_xl},
    Signature{"\0\0\0\x0CJXL \r\n\x87\n"sv, ImageFormat::jpeg_xl},
    Signature{"\0\0\0\x0CjP  \r\n\x87\n"sv, ImageFormat::jpeg_2000},
    Signature{"\xFF\x4F\xFF\x51"sv, ImageFormat::jpeg_2000},
    Signature{"FUJIFILMCCD-RAW"sv, ImageFormat::raw},
    Signature{"IIU\0"sv, ImageFormat::raw},  // Panasonic
    Signature{"IIRO"sv, ImageFormat::raw},   // Olympus
    Signature{"IIRS"sv, ImageFormat::raw},
    Signature{"MMOR"sv, ImageFormat::raw},
};

constexpr std::array heif_brands{"mif1"sv, "mif2"sv, "msf1"sv, "heic"sv, "heix"sv, "heim"sv,
                                 "heis"sv, "hevc"sv, "hevx"sv, "avif"sv, "avis"sv};

std::uint32_t byte(std::string_view text, std::size_t i) {
    return static_cast<unsigned char>(text[i]);
}

// ISO/IEC 14496-12, 4.3: the file type box, of the brand of the file and those it is compatible with.
std::optional<ImageFormat> format_of_boxes(std::string_view text) {
    if (text.size() < 12 || text.substr(4, 4) != "ftyp") return std::nullopt;
    if (text.substr(8, 4) == "crx ") return ImageFormat::raw;  // Canon's CR3
    const std::size_t length = byte(text, 0) << 24 | byte(text, 1) << 16 | byte(text, 2) << 8 | byte(text, 3);
    for (std::size_t i = 8; i + 4 <= std::min(text.size(), length); i += 4) {
        if (std::ranges::find(heif_brands, text.substr(i, 4)) != heif_brands.end()) return ImageFormat::heif;
    }
    return std::nullopt;
}

// "BM" and the sizes of the headers there are: a text may begin with these two letters.
bool begins_bmp(std::string_view text) {
    if (text.size() < 18 || !text.starts_with("BM") || byte(text, 15) + byte(text, 16) + byte(text, 17) > 0)
        return false;
    constexpr std::array sizes{12U, 16U, 40U, 52U, 56U, 64U, 108U, 124U};
    return std::ranges::find(sizes, byte(text, 14)) != sizes.end();
}

// P1 to P6 and, behind space, a number or a remark; or P7 and a line.
bool begins_pnm(std::string_view text) {
    if (text.size() < 4 || text[0] != 'P') return false;
    if (text[1] == '7') return text[2] == '\n' || text.substr(2, 2) == "\r\n";
    const std::size_t next = text.find_first_not_of(" \t\r\n", 2);
    return text[1] >= '1' && text[1] <= '6' && next != 2 && next != std::string_view::npos &&
           (text[next] == '#' || (text[next] >= '0' && text[next] <= '9'));
}

}  // namespace

std::optional<ImageFormat> image_format(std::span<const std::byte> start) {
    const std::string_view text{reinterpret_cast<const char*>(start.data()),
                                std::min(start.size(), image_format_bytes)};
    for (const Signature& signature : signatures) {
        if (text.starts_with(signature.bytes)) return signature.format;
    }
    if (text.starts_with("RIFF") && text.substr(std::min<std::size_t>(8, text.size()), 4) == "WEBP")
        return ImageFormat::webp;
    if (begins_bmp(text)) return ImageFormat::bmp;
    if (begins_pnm(text)) return ImageFormat::pnm;
    return format_of_boxes(text);
}

}  // namespace clipsim
