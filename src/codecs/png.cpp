// PNG by libpng.
#include <png.h>

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <string_view>
#include <vector>

#include "byte_reader.h"
#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "exif.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

// libpng ends an error with longjmp, which runs no destructors: whatever owns memory lives in these structs,
// outside of the functions that call setjmp.
struct Failure {
    std::array<char, 200> reason{};
};

void fail(png_structp png, png_const_charp message) {
    auto* failure = static_cast<Failure*>(png_get_error_ptr(png));
    std::snprintf(failure->reason.data(), failure->reason.size(), "%s", message);
    png_longjmp(png, 1);
}

void ignore_warning(png_structp /*png*/, png_const_charp /*message*/) {}

struct PngReader {
    explicit PngReader(std::span<const std::byte> bytes) : rest(bytes) {
        png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &failure, fail, ignore_warning);
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) throw ImageError("out of memory");
    }
    ~PngReader() { png_destroy_read_struct(&png, &info, nullptr); }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;

    std::span<const std::byte> rest;
    Failure failure;
    png_structp png = nullptr;
    png_infop info = nullptr;
};

constexpr std::size_t checksum_bytes =
    4;  // of a chunk; the last one's may be missing with the end of the file

void read_bytes(png_structp png, png_bytep target, std::size_t count) {
    auto* reader = static_cast<PngReader*>(png_get_io_ptr(png));
    if (reader->rest.size() < count) {
        if (count != checksum_bytes) png_error(png, "the file is cut short");
        reader->rest = {};
        std::fill_n(target, count, png_byte{0});
        return;
    }
    std::copy_n(reinterpret_cast<const png_byte*>(reader->rest.data()), count, target);
    reader->rest = reader->rest.subspan(count);
}

// Up to the pixels. They will come as 8-bit RGB or, where there is alpha or a transparent colour, RGBA.
bool read_header(PngReader& reader) {
    png_structp png = reader.png;
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    png_set_read_fn(png, &reader, read_bytes);
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    // Damage shows in the pixels' own checksum, too, and other programs look at none of the chunks'.
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    // Colour profiles, texts and the like don't make pixels, and many are broken.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, -1);
    png_read_info(png, reader.info);
    png_set_expand(png);
    png_set_scale_16(png);
    png_set_gray_to_rgb(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, reader.info);
    return true;
}

bool read_pixels(PngReader& reader, png_bytepp rows) {
    if (setjmp(png_jmpbuf(reader.png)) != 0) return false;
    png_read_image(reader.png, rows);  // what is behind them is of no interest
    return true;
}

struct PngWriter {
    PngWriter() {
        png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &failure, fail, ignore_warning);
        if (png != nullptr) info = png_create_info_struct(png);
        if (info == nullptr) throw Error("cannot encode a PNG: out of memory");
    }
    ~PngWriter() { png_destroy_write_struct(&png, &info); }
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;

    std::string out;
    Failure failure;
    png_structp png = nullptr;
    png_infop info = nullptr;
};

void write_bytes(png_structp png, png_bytep bytes, std::size_t count) {
    static_cast<PngWriter*>(png_get_io_ptr(png))->out.append(reinterpret_cast<const char*>(bytes), count);
}

bool write_pixels(PngWriter& writer, const Pixels& picture, std::string& maker) {
    png_structp png = writer.png;
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    png_set_write_fn(png, &writer, write_bytes, nullptr);
    png_set_IHDR(png, writer.info, static_cast<png_uint_32>(picture.width),
                 static_cast<png_uint_32>(picture.height), 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    char key[] = "Software";  // libpng takes no const
    png_text text{};
    text.compression = PNG_TEXT_COMPRESSION_NONE;
    text.key = key;
    text.text = maker.data();
    if (!maker.empty()) png_set_text(png, writer.info, &text, 1);
    png_write_info(png, writer.info);
    for (int y = 0; y < picture.height; ++y) {
        png_write_row(png, picture.rgb.data() + static_cast<std::size_t>(y) * picture.width * 3);
    }
    png_write_end(png, writer.info);
    return true;
}

}  // namespace

// The chunks of EXIF and XMP may lie behind the pixels, where libpng would come to it by decoding them.
ImageHeader read_png_header(std::span<const std::byte> bytes) {
    const ByteReader in(bytes);
    ImageHeader header{in.big32(16), in.big32(20)};
    int by_xmp = 0;
    for (std::size_t i = 8; i + 12 <= in.size() && header.orientation == 0;
         i += 12 + std::size_t{in.big32(i)}) {
        const std::span<const std::byte> data = bytes.subspan(i + 8);
        if (in.holds(i + 4, "eXIf")) header.orientation = exif_orientation(data);
        if (in.holds(i + 4, "iTXtXML:com.adobe.xmp")) {
            const std::string_view text{reinterpret_cast<const char*>(data.data()), data.size()};
            by_xmp = xmp_orientation(text.substr(0, in.big32(i)));
        }
    }
    if (header.orientation == 0) header.orientation = by_xmp;
    return header;
}

Pixels decode_png(std::span<const std::byte> bytes, const ImageHeader& header) {
    PngReader reader(bytes);
    if (!read_header(reader)) throw ImageError(reader.failure.reason.data());
    const std::size_t row_bytes = png_get_rowbytes(reader.png, reader.info);
    const std::size_t channels = png_get_channels(reader.png, reader.info);
    if (row_bytes != header.width * channels || (channels != 3 && channels != 4))
        throw ImageError("an unknown layout");

    Pixels pixels = make_pixels(header.width, header.height);
    std::vector<std::uint8_t> rgba(channels == 4 ? row_bytes * header.height : 0);
    std::uint8_t* start = channels == 4 ? rgba.data() : pixels.rgb.data();
    std::vector<png_bytep> rows(header.height);
    for (std::size_t y = 0; y < rows.size(); ++y) rows[y] = start + y * row_bytes;
    if (!read_pixels(reader, rows.data())) throw ImageError(reader.failure.reason.data());
    if (channels == 4) lay_over_white(rgba.data(), pixels);
    return pixels;
}

std::string encode_png(const Pixels& picture, const std::string& maker) {
    PngWriter writer;
    std::string text = maker;
    if (!write_pixels(writer, picture, text)) {
        throw Error(std::string("cannot encode a PNG: ") + writer.failure.reason.data());
    }
    return std::move(writer.out);
}

}  // namespace clipsim
