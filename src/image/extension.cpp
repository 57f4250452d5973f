#include "clipsim/image/extension.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace clipsim {

bool has_image_extension(const std::filesystem::path& file) {
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
    constexpr std::array known{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"};
    return std::ranges::find(known, extension) != known.end();
}

}  // namespace clipsim
