// The raw files of cameras by LibRaw. What is taken is the picture that the camera made of them, as other
// viewers do.
#include <libraw/libraw.h>

#include <array>
#include <memory>
#include <string>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/shared_library.h"
#include "clipsim/core/text.h"
#include "codecs.h"

namespace clipsim {

namespace {

struct LibRawFunctions {
    SharedLibrary library{CLIPSIM_RAW_LIBRARY};
    decltype(&libraw_init) init = library.find("libraw_init");
    decltype(&libraw_close) close = library.find("libraw_close");
    decltype(&libraw_open_buffer) open = library.find("libraw_open_buffer");
    decltype(&libraw_unpack_thumb) unpack_preview = library.find("libraw_unpack_thumb");
};

const LibRawFunctions& libraw() {
    static const LibRawFunctions library;
    return library;
}

// LibRaw has turns as dcraw had them.
int exif_of(int flip) {
    constexpr std::array orientations{1, 2, 4, 3, 5, 8, 6, 7};
    return flip >= 0 && flip < static_cast<int>(orientations.size())
               ? orientations[static_cast<std::size_t>(flip)]
               : 0;
}

// As a file: a JPEG, or bare pixels as a PNM.
std::string file_of(const libraw_thumbnail_t& preview) {
    std::string bytes(preview.thumb, preview.tlength);
    if (preview.tformat != LIBRAW_THUMBNAIL_BITMAP) return bytes;
    return concat(preview.tcolors == 1 ? "P5 " : "P6 ", preview.twidth, " ", preview.theight, " 255\n") +
           bytes;
}

}  // namespace

std::optional<RawPreview> read_raw_preview(std::span<const std::byte> bytes) {
    const LibRawFunctions& lib = libraw();
    const std::unique_ptr<libraw_data_t, decltype(&libraw_close)> raw(
        lib.init(LIBRAW_OPIONS_NO_DATAERR_CALLBACK), lib.close);
    if (!raw) throw ImageError("out of memory");
    // LibRaw only reads.
    if (lib.open(raw.get(), const_cast<std::byte*>(bytes.data()), bytes.size()) != LIBRAW_SUCCESS)
        return std::nullopt;
    if (lib.unpack_preview(raw.get()) != LIBRAW_SUCCESS || raw->thumbnail.thumb == nullptr)
        throw ImageError("a raw file without a preview picture that can be read");
    return RawPreview{file_of(raw->thumbnail), exif_of(raw->sizes.flip)};
}

}  // namespace clipsim
