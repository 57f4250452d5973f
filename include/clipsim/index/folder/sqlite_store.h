// index/images.db: the store of an index in a file. SQLite in WAL mode; one writer, many readers.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_store.h"

namespace clipsim {

class SqliteStore final : public IndexStore {
  public:
    // Opens the file for writing, or creates it; an older schema is migrated. Where the identity has a text
    // space and the file has not (or the other way round), the file has from now on. Throws UsageError for
    // another identity, Error for a newer schema or a file that is no such database. The caller holds the
    // folder's lock: SQLite itself would let writers alternate.
    static SqliteStore open_for_writing(const std::filesystem::path& file, const IndexIdentity& identity);
    // All later calls see the state of this moment, whatever a writer does, until release(). Throws
    // UsageError when the file is missing or of another identity, Error as above.
    static SqliteStore open_for_reading(const std::filesystem::path& file, const IndexIdentity& identity);
    // Whose vectors the file holds. Throws as open_for_reading does, but for the identity.
    static IndexIdentity identity_of(const std::filesystem::path& file);
    // Of a store opened for reading. As long as a state is held, SQLite's log of changes can only grow. After
    // release() each call sees the newest state; after hold() all see that of the next call.
    void release();
    void hold();
    bool is_current() const;  // nothing was written since it was opened
    ~SqliteStore() override;
    SqliteStore(SqliteStore&&) noexcept;
    SqliteStore& operator=(SqliteStore&&) noexcept;

    std::vector<StoredImage> images() const override;
    std::optional<StoredImage> find(std::int64_t id) const override;
    std::vector<std::optional<StoredImage>> find(std::span<const std::int64_t> ids) const;  // of one state
    std::vector<float> vector(std::int64_t id, Space space = Space::image) const override;
    int text_dimension() const override;
    std::int64_t count() const override;
    std::vector<std::filesystem::path> roots() const override;
    std::optional<Shard> shard() const override;

    // Ids above `after` with their vectors, [N] and [N, dimension], by id; of the text space those that there
    // are. A vector that is not what was written is left out, and its id appended to `damaged`.
    void load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors, Space space = Space::image,
                      std::int64_t after = 0, std::vector<std::int64_t>* damaged = nullptr) const;
    std::vector<std::int64_t> matching(const ImageFilter& filter) const;  // ids, ascending
    std::vector<std::string> labels() const;                              // each once, sorted
    // Grows with every transaction that changes what a search would find.
    std::uint64_t generation() const;
    // The same vectors of all images, a block at a time: `take` gets ids [N] and vectors [N, dimension].
    void for_each_block(
        Space space,
        const std::function<void(std::span<const std::int64_t> ids, std::span<const float> vectors)>& take,
        std::vector<std::int64_t>* damaged = nullptr) const;
    std::int64_t count_after(std::int64_t id) const;  // images with higher ids
    std::int64_t last_id() const;                     // the highest; 0: there is no image

    // What an index derived at an earlier generation has to leave out: the ids removed since removed_since(),
    // ascending. (What it lacks are the images with higher ids than its own.)
    std::vector<std::int64_t> removed() const;
    std::int64_t removed_count() const;
    std::uint64_t removed_since() const;
    void forget_removed();  // removed_since() is generation() from then on

    void put(std::span<const ImageEntry> entries, std::span<const float> vectors,
             std::span<const float> text = {}) override;
    void update(std::span<const StoredImage> images) override;
    void remove(std::span<const std::int64_t> ids) override;
    void keep_roots(std::span<const std::filesystem::path> roots) override;
    void keep_shard(const std::optional<Shard>& shard) override;
    // Takes over all of another store's images (with new ids) and its identity, in place of its own.
    static void replace_all(const std::filesystem::path& file, const std::filesystem::path& source);

  private:
    struct Impl;
    explicit SqliteStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
