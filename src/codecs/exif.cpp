#include "exif.h"

#include "byte_reader.h"

namespace clipsim {

namespace {

// Signed ones come where a program was careless.
enum FieldType : std::uint32_t {
    byte = 1,
    short_integer = 3,
    long_integer = 4,
    signed_byte = 6,
    signed_short = 8,
    signed_long = 9
};

int known(std::uint32_t orientation) {
    return orientation >= 1 && orientation <= 8 ? static_cast<int>(orientation) : 0;
}

}  // namespace

int exif_orientation(std::span<const std::byte> exif) {
    while (ByteReader(exif).holds(0, "Exif") && exif.size() >= 6) exif = exif.subspan(6);
    const ByteReader in(exif);  // a TIFF: the byte order, and where the first directory lies
    const bool little = in.holds(0, "II");
    if (!little && !in.holds(0, "MM")) return 0;
    const auto number16 = [&](std::size_t i) { return little ? in.little16(i) : in.big16(i); };
    const auto number32 = [&](std::size_t i) { return little ? in.little32(i) : in.big32(i); };
    const std::size_t directory = number32(4);
    for (std::size_t entry = 0; entry < number16(directory); ++entry) {
        const std::size_t at = directory + 2 + entry * 12;
        if (number16(at) != 0x0112) continue;
        switch (number16(at + 2)) {
            case byte:
            case signed_byte:
                return known(in.byte(at + 8));
            case short_integer:
            case signed_short:
                return known(number16(at + 8));
            case long_integer:
            case signed_long:
                return known(number32(at + 8));
            default:
                return 0;
        }
    }
    return 0;
}

int xmp_orientation(std::string_view packet) {
    constexpr std::string_view name = "tiff:Orientation";
    const std::size_t at = packet.find(name);
    if (at == std::string_view::npos) return 0;
    const std::string_view value = packet.substr(at + name.size(), 3);  // ="6" or >6<
    if (value.size() < 2 || !(value.starts_with("=\"") || value.starts_with("='") || value[0] == '>'))
        return 0;
    return known(static_cast<std::uint32_t>(value[value[0] == '>' ? 1 : value.size() - 1] - '0'));
}

}  // namespace clipsim
