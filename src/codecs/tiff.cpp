// TIFF by libtiff, through its RGBA interface, which knows the many layouts.
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "byte_reader.h"
#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

// The file in memory and what libtiff complains about while it reads it.
struct Source {
    std::span<const std::byte> bytes;
    std::uint64_t position = 0;
    std::string reason;
};

Source& source_of(thandle_t handle) {
    return *static_cast<Source*>(handle);
}

tmsize_t read_bytes(thandle_t handle, void* target, tmsize_t count) {
    Source& source = source_of(handle);
    if (source.position >= source.bytes.size()) return 0;
    const std::uint64_t taken = std::min<std::uint64_t>(count, source.bytes.size() - source.position);
    std::memcpy(target, source.bytes.data() + source.position, taken);
    source.position += taken;
    return static_cast<tmsize_t>(taken);
}

tmsize_t refuse_to_write(thandle_t /*handle*/, void* /*bytes*/, tmsize_t /*count*/) {
    return 0;
}

toff_t seek(thandle_t handle, toff_t offset, int whence) {
    Source& source = source_of(handle);
    const std::uint64_t origin = whence == SEEK_CUR   ? source.position
                                 : whence == SEEK_END ? source.bytes.size()
                                                      : 0;
    source.position = origin + offset;  // wraps for a negative offset, as it should
    return source.position;
}

int close_nothing(thandle_t /*handle*/) {
    return 0;
}
toff_t size_of(thandle_t handle) {
    return source_of(handle).bytes.size();
}

// Keeps the first complaint; libtiff has no other way to give a reason.
int keep_reason(TIFF* /*tiff*/, void* user_data, const char* /*where*/, const char* format,
                va_list arguments) {
    auto* source = static_cast<Source*>(user_data);
    if (source->reason.empty()) {
        std::array<char, 200> text{};
        std::vsnprintf(text.data(), text.size(), format, arguments);
        source->reason = text.data();
    }
    return 1;
}

int ignore_warning(TIFF* /*tiff*/, void* /*user_data*/, const char* /*where*/, const char* /*format*/,
                   va_list /*arguments*/) {
    return 1;
}

struct CloseTiff {
    void operator()(TIFF* tiff) const { TIFFClose(tiff); }
};
struct FreeOptions {
    void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using Tiff = std::unique_ptr<TIFF, CloseTiff>;

Tiff open_tiff(Source& source) {
    const std::unique_ptr<TIFFOpenOptions, FreeOptions> options(TIFFOpenOptionsAlloc());
    if (!options) return nullptr;
    TIFFOpenOptionsSetErrorHandlerExtR(options.get(), keep_reason, &source);
    TIFFOpenOptionsSetWarningHandlerExtR(options.get(), ignore_warning, nullptr);
    // "m": no memory mapping; the callbacks are enough.
    return Tiff(TIFFClientOpenExt("image", "rm", &source, read_bytes, refuse_to_write, seek, close_nothing,
                                  size_of, nullptr, nullptr, options.get()));
}

struct RgbaImage {
    ~RgbaImage() {
        if (begun) TIFFRGBAImageEnd(&image);
    }
    TIFFRGBAImage image{};
    bool begun = false;
};

enum class Alpha { none, multiplied, straight };  // whether colours come multiplied by it

// A further sample that the file does not call alpha is none (libtiff takes it for one). Libtiff multiplies
// colours by alpha where that is still to be done, but not greys, unless each sample has a plane of its own.
Alpha alpha_of(TIFF* tiff) {
    std::uint16_t count = 0, photometric = PHOTOMETRIC_RGB, planes = PLANARCONFIG_CONTIG;
    const std::uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planes);
    if (count == 0 || kinds[0] == EXTRASAMPLE_UNSPECIFIED) return Alpha::none;
    const bool grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
    const bool left = grey && planes == PLANARCONFIG_CONTIG && kinds[0] == EXTRASAMPLE_UNASSALPHA;
    return left ? Alpha::straight : Alpha::multiplied;
}

[[noreturn]] void refuse(const Source& source) {
    throw ImageError("the TIFF is damaged or of an unknown kind" +
                     (source.reason.empty() ? "" : ": " + source.reason));
}

}  // namespace

ImageHeader read_tiff_header(std::span<const std::byte> bytes) {
    Source source{bytes, 0, {}};
    const Tiff tiff = open_tiff(source);
    std::uint32_t width = 0, height = 0;
    std::uint16_t orientation = 0;
    if (!tiff || TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width) == 0 ||
        TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height) == 0) {
        refuse(source);
    }
    TIFFGetField(tiff.get(), TIFFTAG_ORIENTATION, &orientation);
    return {width, height, orientation};
}

bool may_be_raw(std::span<const std::byte> bytes) {
    if (ByteReader(bytes).holds(8, "CR\2")) return true;  // Canon's CR2
    Source source{bytes, 0, {}};
    const Tiff tiff = open_tiff(source);
    if (!tiff) return true;
    std::uint32_t kind = 0;
    std::uint16_t photometric = 0;
    const void* version = nullptr;  // of DNG
    TIFFGetField(tiff.get(), TIFFTAG_SUBFILETYPE, &kind);
    TIFFGetField(tiff.get(), TIFFTAG_PHOTOMETRIC, &photometric);
    return (kind & FILETYPE_REDUCEDIMAGE) != 0 || photometric == PHOTOMETRIC_CFA ||
           TIFFGetField(tiff.get(), TIFFTAG_DNGVERSION, &version) != 0;
}

Pixels decode_tiff(std::span<const std::byte> bytes, const ImageHeader& header) {
    Source source{bytes, 0, {}};
    const Tiff tiff = open_tiff(source);
    if (!tiff) refuse(source);
    RgbaImage reader;
    std::array<char, 1024> reason{};
    if (TIFFRGBAImageOK(tiff.get(), reason.data()) == 0 ||
        TIFFRGBAImageBegin(&reader.image, tiff.get(), 1, reason.data()) == 0) {
        source.reason = reason.data();
        refuse(source);
    }
    reader.begun = true;
    if (reader.image.width != header.width || reader.image.height != header.height) {
        throw ImageError("a TIFF of contradictory sizes");
    }
    // As stored: libtiff would mirror for some orientations and not turn for the others.
    reader.image.orientation = reader.image.req_orientation = ORIENTATION_TOPLEFT;
    std::vector<std::uint32_t> raster(header.width * header.height);
    if (TIFFRGBAImageGet(&reader.image, raster.data(), reader.image.width, reader.image.height) == 0)
        refuse(source);

    Pixels pixels = make_pixels(header.width, header.height);
    const Alpha alpha = alpha_of(tiff.get());
    std::uint8_t* target = pixels.rgb.data();
    for (const std::uint32_t value : raster) {
        std::array rgba{
            static_cast<std::uint8_t>(TIFFGetR(value)), static_cast<std::uint8_t>(TIFFGetG(value)),
            static_cast<std::uint8_t>(TIFFGetB(value)), static_cast<std::uint8_t>(TIFFGetA(value))};
        if (alpha == Alpha::none) rgba[3] = 255;
        alpha == Alpha::straight ? lay_over_white(rgba.data(), target)
                                 : lay_multiplied_over_white(rgba.data(), target);
        target += 3;
    }
    return pixels;
}

}  // namespace clipsim
