#include "clipsim/core/files/file_name.h"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <functional>

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

std::size_t longest_name(const std::filesystem::path& folder) {
    const long limit = ::pathconf(folder.empty() ? "." : folder.c_str(), _PC_NAME_MAX);
    return limit > 0 ? static_cast<std::size_t>(limit) : 255;
}

// At most `bytes` of it, without a part of a character at the end.
std::string_view cut(std::string_view text, std::size_t bytes) {
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
    return text.substr(0, bytes);
}

}  // namespace

std::filesystem::path named_in(const std::filesystem::path& folder, std::string_view stem,
                               std::string_view ending) {
    const std::size_t limit = longest_name(folder);
    if (stem.size() + ending.size() <= limit) return folder / concat(stem, ending);
    TextStream hash;
    hash << '~' << std::hex << std::hash<std::string_view>{}(stem);
    const std::size_t room = limit - std::min(limit, hash.str().size() + ending.size());
    return folder / concat(cut(stem, std::min(room, stem.size() - 1)), hash.str(), ending);
}

}  // namespace clipsim
