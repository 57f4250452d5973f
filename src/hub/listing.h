// What the hub says about a revision of a repository (GET
// /api/models/OWNER/NAME/revision/REVISION?blobs=true).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checksum.h"

namespace clipsim {

struct ListedFile {
    std::string path;  // relative, never out of the folder
    std::optional<std::uint64_t> size;
    std::optional<Checksum> checksum;  // SHA-256 of a file in LFS, git's SHA-1 of another
};

struct Listing {
    std::string commit;  // 40 or 64 hexadecimal digits
    std::vector<ListedFile> files;

    const ListedFile* find(std::string_view path) const;
};

// Throws Error, naming `hub`, for anything that is not such a listing, for a file name that leads out of its
// folder and for a size that no model has.
Listing parse_listing(std::string_view json, const std::string& hub);

// A size that is plausible: a terabyte at most. Throws Error otherwise.
std::uint64_t checked_size(std::uint64_t size, const std::string& file);

}  // namespace clipsim
