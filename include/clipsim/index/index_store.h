// The truth about what is indexed: images with their vectors. Kept in a file (folder/sqlite_store.h) or in a
// PostgreSQL server. What an IndexWriter writes to and a merge reads from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/files/file_stamp.h"
#include "clipsim/index/index_identity.h"
#include "clipsim/index/shard.h"

namespace clipsim {

// What identifies a file for the index without its vector.
struct ImageEntry {
    std::filesystem::path path;  // absolute, any bytes
    FileStamp stamp;
    std::string content_hash;   // XXH3-128 of its bytes
    std::string label;          // "" where there is none
    std::int64_t ctime_ns = 0;  // StatStamp::ctime_ns when it was looked at; 0: not known
    bool operator==(const ImageEntry&) const = default;
};

struct StoredImage : ImageEntry {
    std::int64_t id = 0;   // never used again for another image
    bool complete = true;  // false: it lacks the vector of the text space that the identity asks for
    // Of an index that several machines share: which of the others brought it. "": this one, or nobody knows.
    std::string machine = {};
};

// One object serves one thread at a time. A store opened for reading stays at the state of that moment. Any
// call throws Error where the store can't be read or written.
class IndexStore {
  public:
    virtual ~IndexStore() = default;

    virtual std::vector<StoredImage> images() const = 0;  // by id
    virtual std::optional<StoredImage> find(std::int64_t id) const = 0;
    // [D of the space], unit length. Throws Error for an unknown id, for a vector of the text space that is
    // not there, and for a vector that is not what was written.
    virtual std::vector<float> vector(std::int64_t id, Space space = Space::image) const = 0;
    virtual int text_dimension() const = 0;  // what the store keeps; 0: none
    virtual std::int64_t count() const = 0;
    // IndexRoots::folders; none in an index that was made before they were kept.
    virtual std::vector<std::filesystem::path> roots() const = 0;
    virtual std::optional<Shard> shard() const = 0;  // which part of a collection it is, where it is one

    // Each call is one transaction: all of it or nothing. An entry whose path is there already replaces it,
    // with a new id.
    // vectors: [N, dimension] unit rows of the image space; text: [N, text_dimension] of the text space, or
    // none.
    virtual void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                     std::span<const float> text = {}) = 0;
    // Path, stamp and label of known ids; the vectors stay.
    virtual void update(std::span<const StoredImage> images) = 0;
    virtual void remove(std::span<const std::int64_t> ids) = 0;
    virtual void keep_roots(std::span<const std::filesystem::path> roots) = 0;
    virtual void keep_shard(const std::optional<Shard>& shard) = 0;
};

}  // namespace clipsim
