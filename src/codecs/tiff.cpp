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

// A fourth sample that the file does not call alpha is none (libtiff takes it for one).
bool has_alpha(TIFF* tiff) {
    std::uint16_t count = 0;
    const std::uint16_t* kinds = nullptr;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds);
    return count > 0 && kinds[0] != EXTRASAMPLE_UNSPECIFIED;
}

[[noreturn]] void refuse(const Source& source) {
    throw ImageError("the TIFF is damaged or of an unknown kind" +
                     (source.reason.empty() ? "" : ": " + source.reason));
}

}  // namespace

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
    const bool transparent = has_alpha(tiff.get());
    std::uint8_t* target = pixels.rgb.data();
    for (const std::uint32_t value : raster) {
        // The colours come multiplied by alpha already; what is missing to 255 is white.
        const std::uint32_t white = transparent ? 255 - TIFFGetA(value) : 0;
        for (const std::uint32_t colour : {TIFFGetR(value), TIFFGetG(value), TIFFGetB(value)}) {
            *target++ = static_cast<std::uint8_t>(std::min<std::uint32_t>(255, colour + white));
        }
    }
    return pixels;
}

}  // namespace clipsim
