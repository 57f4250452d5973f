#include "clipsim/codecs/encode.h"

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

enum class Format { none, png, jpeg };

Format format_of(const std::filesystem::path& file) {
    const std::string extension = lower_case(file.extension().string());
    if (extension == ".png") return Format::png;
    return extension == ".jpg" || extension == ".jpeg" ? Format::jpeg : Format::none;
}

}  // namespace

bool is_picture_name(const std::filesystem::path& file) {
    return format_of(file) != Format::none;
}

void write_picture(const std::filesystem::path& file, const Pixels& picture, const std::string& maker) {
    if (picture.rgb.empty()) throw Error(concat("cannot write ", printable(file), ": the picture is empty"));
    const Format format = format_of(file);
    if (format == Format::none)
        throw UsageError(concat("cannot write ", printable(file), ": give it the extension .png or .jpg"));
    write_file_atomically(file,
                          format == Format::png ? encode_png(picture, maker) : encode_jpeg(picture, maker));
}

}  // namespace clipsim
