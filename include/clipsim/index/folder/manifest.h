// index/manifest.json: what an index is and for which model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "clipsim/index/folder/file_checksum.h"
#include "clipsim/index/index_identity.h"

namespace clipsim {

// images: rows of images.db.
struct Manifest : IndexDescription {
    static constexpr int current_schema_version =
        3;  // 1: without a text space; 2: without last_id, built_from
    int schema_version = current_schema_version;
    std::string metric = "cosine";
    std::int64_t vectors = 0;      // of index.faiss
    std::uint64_t generation = 0;  // of images.db when index.faiss was derived from it
    std::int64_t last_id = -1;     // the highest id of then; -1: not known
    std::int64_t built_from = 0;   // vectors that it was last rebuilt from; the rest was added since
    FileChecksum image_checksum;   // of index.faiss
    FileChecksum text_checksum;    // of text.faiss; none where identity.text_dimension is 0

    FileChecksum& checksum_of(Space space) { return space == Space::image ? image_checksum : text_checksum; }
    const FileChecksum& checksum_of(Space space) const {
        return space == Space::image ? image_checksum : text_checksum;
    }
};

// The file with the vectors of a space.
constexpr const char* file_of(Space space) {
    return space == Space::image ? "index.faiss" : "text.faiss";
}

class SqliteStore;

// Whether files derived at the manifest's generation can be continued: the store knows all that was removed
// since.
bool is_derived_from(const Manifest& manifest, const SqliteStore& store);

// What to do about a damaged images.db in the folder.
std::string remedy_of_damage(const std::filesystem::path& folder);

// Throws NewerIndexError, and UsageError: missing, not JSON. The message says to run `clipsim index`.
Manifest read_manifest(const std::filesystem::path& file);
void write_manifest(const std::filesystem::path& file, const Manifest& manifest);  // atomic

}  // namespace clipsim
