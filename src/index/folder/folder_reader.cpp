#include <algorithm>
#include <map>
#include <mutex>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/file_stamp.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "index_snapshot.h"

namespace clipsim {

namespace {

class FolderReader final : public IndexReader {
  public:
    FolderReader(std::filesystem::path folder, IndexSnapshot snapshot, const ThreadPool& pool)
        : folder_(std::move(folder)), snapshot_(std::move(snapshot)), pool_(pool) {}

    const IndexDescription& description() const override { return snapshot_.manifest(); }
    void load(Space space) const override { static_cast<void>(snapshot_.vectors(space)); }
    bool is_current() const override { return snapshot_.is_current(); }

    std::vector<FoundImage> nearest(std::span<const float> query, int k, Space space,
                                    const ImageFilter& where) const override {
        const LiveIndex& vectors = snapshot_.vectors(space);
        const std::vector<Neighbour> neighbours =
            vectors.search(query, k, selection(where, space).get(), pool_);
        std::vector<std::int64_t> ids;
        for (const Neighbour& neighbour : neighbours) ids.push_back(neighbour.id);
        std::vector<StoredImage> images = snapshot_.find(ids);
        std::vector<FoundImage> found;
        for (std::size_t i = 0; i < images.size(); ++i) {
            found.push_back({ids[i], std::move(images[i].path), std::move(images[i].label),
                             neighbours[i].score, std::move(images[i].content_hash)});
        }
        return found;
    }

    std::vector<StoredImage> images(const ImageFilter& where) const override {
        std::vector<StoredImage> images = snapshot_.images();
        std::erase_if(images, [&](const StoredImage& image) {
            return !where.matches(image.path.native(), image.label);
        });
        return images;
    }

    std::vector<std::string> labels() const override { return snapshot_.labels(); }

    IndexStorage storage() const override {
        IndexStorage storage;
        for (const char* name : {"images.db", "images.db-wal", file_of(Space::image), file_of(Space::text)}) {
            const std::optional<StatStamp> file = stat_stamp(folder_ / name);
            if (!file) continue;
            storage.bytes += file->size;
            storage.changed_s = std::max(storage.changed_s.value_or(0), file->mtime_ns / 1'000'000'000);
        }
        return storage;
    }

    NearestRows nearest_rows(std::span<const float> queries, int k, const ImageFilter& where) const override {
        return snapshot_.vectors(Space::image)
            .search_rows(queries, k, selection(where, Space::image).get(), pool_);
    }

  private:
    // None: all images.
    std::shared_ptr<const LiveIndex::Selection> selection(const ImageFilter& filter, Space space) const {
        if (filter.empty()) return nullptr;
        const LiveIndex& vectors = snapshot_.vectors(space);
        const std::scoped_lock lock(mutex_);
        auto& [known, selected] = selections_[space];
        if (!selected || known != filter) {
            selected = std::make_shared<LiveIndex::Selection>(vectors.select(snapshot_.matching(filter)));
            known = filter;
        }
        return selected;
    }

    std::filesystem::path folder_;
    IndexSnapshot snapshot_;
    ThreadPool pool_;
    mutable std::mutex mutex_;
    // What was asked for last, in each space: a filter usually holds for many queries.
    mutable std::map<Space, std::pair<ImageFilter, std::shared_ptr<const LiveIndex::Selection>>> selections_;
};

}  // namespace

std::unique_ptr<IndexReader> open_folder_reader(const std::filesystem::path& folder,
                                                const std::optional<IndexIdentity>& identity,
                                                const IndexParameters& wanted, const ThreadPool& pool) {
    const IndexIdentity whose = identity ? *identity : SqliteStore::identity_of(folder / "images.db");
    return std::make_unique<FolderReader>(folder, IndexSnapshot::open(folder, whose, wanted), pool);
}

MergePart open_folder_part(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "manifest.json", ignored)) {
        throw UsageError(concat(printable(folder),
                                " holds no finished index (no manifest.json); run `clipsim index --shard` "
                                "there to its end"));
    }
    const IndexIdentity identity = SqliteStore::identity_of(folder / "images.db");
    return {printable(folder), identity,
            std::make_unique<SqliteStore>(SqliteStore::open_for_reading(folder / "images.db", identity))};
}

}  // namespace clipsim
