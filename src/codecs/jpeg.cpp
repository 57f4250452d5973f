// JPEG by libjpeg (libjpeg-turbo, as in Pillow).
#include <algorithm>
#include <csetjmp>
#include <cstdint>
#include <cstdio>  // jpeglib.h needs it first
#include <cstdlib>
#include <string_view>
#include <vector>

#include <jpeglib.h>

#include <jerror.h>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/image/recycled_pixels.h"
#include "codecs.h"
#include "exif.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

// More scans than any encoder makes: each costs a pass over the picture, so a small file could ask for hours
// of work.
constexpr int max_scans = 500;

// libjpeg-turbo decodes parts; before 2.1 not without faults.
#if defined(LIBJPEG_TURBO_VERSION_NUMBER) && LIBJPEG_TURBO_VERSION_NUMBER >= 2001000
constexpr bool decodes_parts = true;
void leave_out_columns(jpeg_decompress_struct& codec, JDIMENSION& first, JDIMENSION& count) {
    jpeg_crop_scanline(&codec, &first, &count);  // goes further left, to the edge of a block
}
void leave_out_rows(jpeg_decompress_struct& codec, JDIMENSION count) {
    if (count > 0) jpeg_skip_scanlines(&codec, count);
}
#else
constexpr bool decodes_parts = false;
void leave_out_columns(jpeg_decompress_struct&, JDIMENSION&, JDIMENSION&) {}
void leave_out_rows(jpeg_decompress_struct&, JDIMENSION) {}
#endif

// Upsampling mixes colours with those beside them, so that at the edges of what is decoded they are others
// than in the whole picture. It looks at one sample of colour, which is at most 4 columns.
constexpr int margin = 8;

// libjpeg ends an error with longjmp, which runs no destructors: whatever owns memory lives in the structs
// below, outside of the functions that call setjmp.
struct ErrorManager {
    jpeg_error_mgr base{};  // first: libjpeg hands a pointer to it back
    std::jmp_buf jump{};
    char reason[JMSG_LENGTH_MAX] = {};
    bool ended = false;    // the file, before its picture's end marker
    bool cut_off = false;  // some of the picture is missing
};

ErrorManager& errors_of(j_common_ptr codec) {
    return *reinterpret_cast<ErrorManager*>(codec->err);
}

constexpr const char* truncated = "the JPEG is truncated";

[[noreturn]] void fail_with(j_common_ptr codec, const char* reason) {
    ErrorManager& errors = errors_of(codec);
    std::snprintf(errors.reason, sizeof errors.reason, "%s", reason);
    std::longjmp(errors.jump, 1);
}

[[noreturn]] void fail(j_common_ptr codec) {
    char reason[JMSG_LENGTH_MAX] = {};
    (*codec->err->format_message)(codec, reason);
    fail_with(codec, errors_of(codec).ended ? truncated : reason);
}

void ignore_message(j_common_ptr /*codec*/) {}

// Of a picture that ends early, what is there is shown, as browsers do, if that is a row of blocks at least.
void note_warning(j_common_ptr codec, int level) {
    if (level >= 0) return;
    ++codec->err->num_warnings;
    ErrorManager& errors = errors_of(codec);
    if (!errors.ended || codec->err->msg_code != JWRN_HIT_MARKER) return;
    const auto* reader = reinterpret_cast<j_decompress_ptr>(codec);
    if (reader->input_scan_number <= 1 && reader->input_iMCU_row == 0) fail_with(codec, truncated);
    errors.cut_off = true;
}

jpeg_error_mgr* quiet(ErrorManager& errors) {
    jpeg_error_mgr* base = jpeg_std_error(&errors.base);
    base->error_exit = fail;
    base->output_message = ignore_message;
    base->emit_message = note_warning;
    return base;
}

// A source in memory. Behind its end come end markers, as with libjpeg's own: what is missing is grey.
void start_source(j_decompress_ptr /*codec*/) {}
boolean at_the_end(j_decompress_ptr codec) {
    static constexpr JOCTET end_marker[] = {0xFF, JPEG_EOI};
    codec->src->next_input_byte = end_marker;
    codec->src->bytes_in_buffer = sizeof end_marker;
    errors_of(reinterpret_cast<j_common_ptr>(codec)).ended = true;
    return TRUE;
}
void skip(j_decompress_ptr codec, long count) {
    if (count <= 0) return;
    if (static_cast<std::size_t>(count) > codec->src->bytes_in_buffer) {
        at_the_end(codec);
    } else {
        codec->src->next_input_byte += count;
        codec->src->bytes_in_buffer -= static_cast<std::size_t>(count);
    }
}

void check_scans(j_common_ptr codec) {
    if (reinterpret_cast<j_decompress_ptr>(codec)->input_scan_number > max_scans) {
        fail_with(codec, "a JPEG of too many scans");
    }
}

struct JpegReader {
    explicit JpegReader(std::span<const std::byte> bytes) {
        codec.err = quiet(errors);
        source.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
        source.bytes_in_buffer = bytes.size();
        source.init_source = start_source;
        source.fill_input_buffer = at_the_end;
        source.skip_input_data = skip;
        source.resync_to_restart = jpeg_resync_to_restart;
        source.term_source = start_source;
        progress.progress_monitor = check_scans;
    }
    ~JpegReader() { jpeg_destroy_decompress(&codec); }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;

    ErrorManager errors;
    jpeg_source_mgr source{};
    jpeg_progress_mgr progress{};
    jpeg_decompress_struct codec{};
};

// Makes the decoder leave out the columns outside of `part`, which becomes the part that it will decode.
void choose_part(jpeg_decompress_struct& codec, PixelRect& part) {
    const int width = static_cast<int>(codec.output_width), height = static_cast<int>(codec.output_height);
    const bool whole = codec.scale_denom != 1 || codec.out_color_space == JCS_CMYK ||
                       // Where scans are missing, blocks are smoothed over their neighbours.
                       codec.progressive_mode != 0;
    if (!decodes_parts || whole) {
        part = {0, 0, width, height};
        return;
    }
    auto first = static_cast<JDIMENSION>(std::max(0, part.x - margin));
    JDIMENSION count = static_cast<JDIMENSION>(std::min(width, part.x + part.width + margin)) - first;
    leave_out_columns(codec, first, count);
    part.x = static_cast<int>(first);
    part.width = static_cast<int>(count);
}

// Of the segments that EXIF and XMP come in, the first that tells.
int orientation_of(const jpeg_decompress_struct& codec) {
    constexpr std::string_view xmp_name{"http://ns.adobe.com/xap/1.0/\0", 29};
    int by_exif = 0, by_xmp = 0;
    for (auto* segment = codec.marker_list; segment != nullptr && by_exif == 0; segment = segment->next) {
        const std::string_view text{reinterpret_cast<const char*>(segment->data), segment->data_length};
        if (text.starts_with("Exif")) by_exif = exif_orientation(std::as_bytes(std::span(text)));
        if (text.starts_with(xmp_name) && by_xmp == 0) by_xmp = xmp_orientation(text);
    }
    return by_exif != 0 ? by_exif : by_xmp;
}

bool read_header(JpegReader& reader, bool with_metadata) {
    constexpr unsigned largest_segment = 0xFFFF;
    jpeg_decompress_struct& codec = reader.codec;
    if (setjmp(reader.errors.jump) != 0) return false;
    jpeg_create_decompress(&codec);
    codec.src = &reader.source;
    codec.progress = &reader.progress;
    if (with_metadata) jpeg_save_markers(&codec, JPEG_APP0 + 1, largest_segment);
    jpeg_read_header(&codec, TRUE);
    return true;
}

// Up to the pixels. `part` is what is wanted, and becomes what will be decoded.
bool start(JpegReader& reader, int reduction, PixelRect& part) {
    jpeg_decompress_struct& codec = reader.codec;
    if (setjmp(reader.errors.jump) != 0) return false;
    codec.scale_num = 1;
    codec.scale_denom = static_cast<unsigned>(reduction);
    const bool inks = codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK;
    codec.out_color_space = inks ? JCS_CMYK : JCS_RGB;
    jpeg_start_decompress(&codec);
    choose_part(codec, part);
    return true;
}

// Adobe's programs store inks inverted, and like Pillow we take every CMYK file for one of theirs.
void inks_to_rgb(std::uint8_t* inks, std::size_t count, std::uint8_t* rgb) {
    for (std::size_t i = 0; i < count * 4; ++i) inks[i] = static_cast<std::uint8_t>(255 - inks[i]);
    for (std::size_t x = 0; x < count; ++x) cmyk_to_rgb(inks + 4 * x, rgb + 3 * x);
}

// `line` has room for one row.
void skip_rows(jpeg_decompress_struct& codec, int count, std::uint8_t* line) {
    if (count <= 0) return;
    const JDIMENSION end = codec.output_scanline + static_cast<JDIMENSION>(count);
    // To the end of the picture libjpeg-turbo would not read what it skips, nor find it missing.
    leave_out_rows(codec, static_cast<JDIMENSION>(count) - (end == codec.output_height ? 1U : 0U));
    while (codec.output_scanline < end) jpeg_read_scanlines(&codec, &line, 1);
}

// The rows of `part`; `line` has room for one row of CMYK.
bool read_rows(JpegReader& reader, const PixelRect& part, Pixels& pixels, std::uint8_t* line) {
    jpeg_decompress_struct& codec = reader.codec;
    if (setjmp(reader.errors.jump) != 0) return false;
    skip_rows(codec, part.y, line);
    for (int y = 0; y < part.height; ++y) {
        std::uint8_t* target = pixels.rgb.data() + std::size_t{codec.output_width} * 3 * y;
        const bool inks = codec.out_color_space == JCS_CMYK;
        std::uint8_t* row = inks ? line : target;
        jpeg_read_scanlines(&codec, &row, 1);
        if (inks) inks_to_rgb(line, codec.output_width, target);
    }
    skip_rows(codec, static_cast<int>(codec.output_height) - part.y - part.height, line);
    jpeg_finish_decompress(&codec);
    return true;
}

struct JpegWriter {
    JpegWriter() { codec.err = quiet(errors); }
    ~JpegWriter() {
        jpeg_destroy_compress(&codec);
        std::free(out);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg's own
    }
    JpegWriter(const JpegWriter&) = delete;
    JpegWriter& operator=(const JpegWriter&) = delete;

    ErrorManager errors;
    jpeg_compress_struct codec{};
    unsigned char* out = nullptr;
    unsigned long size = 0;
};

bool write_rows(JpegWriter& writer, const Pixels& picture, const std::string& maker) {
    constexpr int quality = 92;
    jpeg_compress_struct& codec = writer.codec;
    if (setjmp(writer.errors.jump) != 0) return false;
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, &writer.out, &writer.size);
    codec.image_width = static_cast<JDIMENSION>(picture.width);
    codec.image_height = static_cast<JDIMENSION>(picture.height);
    codec.input_components = 3;
    codec.in_color_space = JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    jpeg_start_compress(&codec, TRUE);
    if (!maker.empty()) {
        jpeg_write_marker(&codec, JPEG_COM, reinterpret_cast<const JOCTET*>(maker.data()),
                          static_cast<unsigned>(maker.size()));
    }
    while (codec.next_scanline < codec.image_height) {
        // libjpeg only reads it.
        auto* row = const_cast<std::uint8_t*>(picture.rgb.data()) +
                    std::size_t{codec.next_scanline} * picture.width * 3;
        jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    return true;
}

}  // namespace

ImageHeader read_jpeg_header(std::span<const std::byte> bytes) {
    JpegReader reader(bytes);
    if (!read_header(reader, true)) throw ImageError(reader.errors.reason);
    return {reader.codec.image_width, reader.codec.image_height, orientation_of(reader.codec)};
}

PicturePart decode_jpeg(std::span<const std::byte> bytes, int reduction, const PixelRect& wanted,
                        bool& cut_off) {
    JpegReader reader(bytes);
    PixelRect part = wanted;
    if (!read_header(reader, false) || !start(reader, reduction, part))
        throw ImageError(reader.errors.reason);
    const jpeg_decompress_struct& codec = reader.codec;
    Pixels pixels = recycled_pixels(part.width, part.height);
    std::vector<std::uint8_t> line(std::size_t{codec.output_width} * 4);
    if (!read_rows(reader, part, pixels, line.data())) throw ImageError(reader.errors.reason);
    cut_off = reader.errors.cut_off;
    const auto reduced = [&](JDIMENSION side) {
        return (static_cast<int>(side) + reduction - 1) / reduction;
    };
    return {std::move(pixels), part.x, part.y, reduced(codec.image_width), reduced(codec.image_height)};
}

std::string encode_jpeg(const Pixels& picture, const std::string& maker) {
    JpegWriter writer;
    if (!write_rows(writer, picture, maker))
        throw Error(std::string("cannot encode a JPEG: ") + writer.errors.reason);
    return {reinterpret_cast<const char*>(writer.out), writer.size};
}

}  // namespace clipsim
