#include "clipsim/image/extension.h"

#include <algorithm>
#include <array>
#include <string>

#include "clipsim/core/strings.h"

namespace clipsim {

bool has_image_extension(const std::filesystem::path& file) {
    const std::string extension = lower_case(file.extension().string());
    constexpr std::array known{
        ".jpg",  ".jpeg", ".jpe",  ".jfif", ".mpo",                                   // JPEG
        ".png",  ".apng", ".webp", ".bmp",  ".dib", ".tif", ".tiff", ".gif",          //
        ".heic", ".heif", ".hif",  ".avif",                                           // HEIF
        ".jxl",  ".jp2",  ".j2k",  ".jpf",  ".jpx", ".j2c", ".jpc",                   // JPEG XL and 2000
        ".pnm",  ".pbm",  ".pgm",  ".ppm",  ".pam",                                   //
        ".cr2",  ".cr3",  ".nef",  ".nrw",  ".arw", ".dng", ".orf",  ".rw2", ".raf",  // cameras' raw files
        ".pef",  ".srw"};
    return std::ranges::find(known, extension) != known.end();
}

}  // namespace clipsim
