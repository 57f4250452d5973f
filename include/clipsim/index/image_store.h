// The truth about what is indexed: images with their vectors. Kept in a file (folder/sqlite_store.h) or in a
// PostgreSQL server.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_identity.h"

namespace clipsim {

// What a stat tells about a file.
struct FileStamp {
    std::uint64_t size = 0;
    std::int64_t mtime_ns = 0;
    bool operator==(const FileStamp&) const = default;
};

// What identifies a file for the index without its vector.
struct ImageEntry {
    std::filesystem::path path;  // absolute, any bytes
    FileStamp stamp;
    std::string content_hash;
    std::string label;  // "" where there is none
    bool operator==(const ImageEntry&) const = default;
};

struct StoredImage : ImageEntry {
    std::int64_t id = 0;   // never used again for another image
    bool complete = true;  // false: it lacks the joint vector that the identity asks for
};

// One object serves one thread at a time. A store opened for reading stays at the state of that moment.
class ImageStore {
  public:
    virtual ~ImageStore() = default;

    virtual std::vector<StoredImage> images() const = 0;  // by id
    virtual std::optional<StoredImage> find(std::int64_t id) const = 0;
    // Throws Error for an unknown id, for a joint vector that is not there, and for a vector that is not what
    // was written.
    virtual std::vector<float> vector(std::int64_t id, IndexSpace space = IndexSpace::own) const = 0;
    // Ids above `after` with their vectors, [N] and [N, dimension], by id; of the joint space those that
    // there are. A vector that is not what was written is left out, and its id appended to `damaged`.
    virtual void load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors,
                              IndexSpace space = IndexSpace::own, std::int64_t after = 0,
                              std::vector<std::int64_t>* damaged = nullptr) const = 0;
    virtual std::vector<std::int64_t> matching(const ImageFilter& filter) const = 0;  // ids, ascending
    virtual int joint_dimension() const = 0;  // what the store keeps; 0: none
    virtual std::int64_t count() const = 0;
    // Grows with every transaction that changes what a search would find.
    virtual std::uint64_t generation() const = 0;

    // Each call is one transaction: all of it or nothing. An entry whose path is there already replaces it,
    // with a new id.
    // vectors: [N, dimension] unit rows; joint: [N, joint_dimension], or none.
    virtual void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                     std::span<const float> joint = {}) = 0;
    // Path, stamp and label of known ids; the vectors stay.
    virtual void update(std::span<const StoredImage> images) = 0;
    virtual void remove(std::span<const std::int64_t> ids) = 0;

  protected:
    ImageStore() = default;
    ImageStore(const ImageStore&) = default;
    ImageStore& operator=(const ImageStore&) = default;
    ImageStore(ImageStore&&) = default;
    ImageStore& operator=(ImageStore&&) = default;
};

}  // namespace clipsim
