#include "clipsim/codecs/encode.h"

#include <algorithm>
#include <cctype>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

void write_picture(const std::filesystem::path& file, const Pixels& picture) {
    if (picture.rgb.empty()) throw Error(concat("cannot write ", printable(file), ": the picture is empty"));
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](unsigned char c) { return std::tolower(c); });
    if (extension == ".png") {
        write_file_atomically(file, encode_png(picture));
    } else if (extension == ".jpg" || extension == ".jpeg") {
        write_file_atomically(file, encode_jpeg(picture));
    } else {
        throw UsageError(concat("cannot write ", printable(file), ": give it the extension .png or .jpg"));
    }
}

}  // namespace clipsim
