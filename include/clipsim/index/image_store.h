// index/images.db: the truth about what is indexed. SQLite in WAL mode; one writer, many readers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/manifest.h"

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

// One object serves one thread at a time.
class ImageStore {
  public:
    // Opens the file for writing, or creates it; an older schema is migrated. Where the identity
    // keeps joint vectors and the file did not (or the other way round), the file does from now on. Throws
    // UsageError for another identity, Error for a newer schema or a file that is no such database. The
    // caller holds the folder's lock: SQLite itself would let writers alternate.
    static ImageStore open_for_writing(const std::filesystem::path& file, const IndexIdentity& identity);
    // All later calls see the state of this moment, whatever a writer does. Throws UsageError when the file
    // is missing or of another identity, Error as above.
    static ImageStore open_for_reading(const std::filesystem::path& file, const IndexIdentity& identity);
    ~ImageStore();
    ImageStore(ImageStore&&) noexcept;
    ImageStore& operator=(ImageStore&&) noexcept;

    std::vector<StoredImage> images() const;  // by id
    std::optional<StoredImage> find(std::int64_t id) const;
    // Throws Error for an unknown id, for a joint vector that is not there, and for a vector that is not what
    // was written.
    std::vector<float> vector(std::int64_t id, IndexSpace space = IndexSpace::own) const;
    // Ids above `after` with their vectors, [N] and [N, dimension], by id; of the joint space those that
    // there are. A vector that is not what was written is left out, and its id appended to `damaged`.
    void load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors,
                      IndexSpace space = IndexSpace::own, std::int64_t after = 0,
                      std::vector<std::int64_t>* damaged = nullptr) const;
    // The same of all images, a block at a time: `take` gets ids [N] and vectors [N, dimension].
    void for_each_block(
        IndexSpace space,
        const std::function<void(std::span<const std::int64_t> ids, std::span<const float> vectors)>& take,
        std::vector<std::int64_t>* damaged = nullptr) const;
    std::vector<std::int64_t> matching(const ImageFilter& filter) const;  // ids, ascending
    int joint_dimension() const;                                          // what the file keeps; 0: none
    std::int64_t count() const;
    std::int64_t count_after(std::int64_t id) const;  // images with higher ids
    std::int64_t last_id() const;                     // the highest; 0: there is no image
    // Grows with every transaction that changes what a search would find.
    std::uint64_t generation() const;

    // What an index derived at an earlier generation has to leave out: the ids removed since removed_since(),
    // ascending. (What it lacks are the images with higher ids than its own.)
    std::vector<std::int64_t> removed() const;
    std::int64_t removed_count() const;
    std::uint64_t removed_since() const;
    void forget_removed();  // removed_since() is generation() from then on

    // Each call is one transaction: all of it or nothing. An entry whose path is there already replaces it,
    // with a new id.
    // vectors: [N, dimension] unit rows; joint: [N, joint_dimension], or none.
    void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
             std::span<const float> joint = {});
    void update(std::span<const StoredImage> images);  // path, stamp and label of known ids; the vectors stay
    void remove(std::span<const std::int64_t> ids);
    // Takes over all of another store's images (with new ids) and its identity, in place of its own.
    static void replace_all(const std::filesystem::path& file, const std::filesystem::path& source);

  private:
    struct Impl;
    explicit ImageStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
