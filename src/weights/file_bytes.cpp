#include "file_bytes.h"

#include <bit>

#include "clipsim/core/files/mapped_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

FileBytes map_file(const std::filesystem::path& file) {
    const auto mapped = std::make_shared<MappedFile>(file, MappedFile::Kind::private_copy);
    return {printable(file), mapped->writable_bytes(), mapped};
}

}  // namespace clipsim
