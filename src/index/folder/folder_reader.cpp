#include <map>
#include <mutex>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "index_snapshot.h"

namespace clipsim {

namespace {

class FolderReader final : public IndexReader {
  public:
    FolderReader(IndexSnapshot snapshot, const ThreadPool& pool)
        : snapshot_(std::move(snapshot)), pool_(pool) {}

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
            found.push_back(
                {ids[i], std::move(images[i].path), std::move(images[i].label), neighbours[i].score});
        }
        return found;
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
    const IndexIdentity whose = identity ? *identity : read_manifest(folder / "manifest.json").identity;
    return std::make_unique<FolderReader>(IndexSnapshot::open(folder, whose, wanted), pool);
}

MergePart open_folder_part(const std::filesystem::path& folder) {
    std::error_code ignored;
    if (!std::filesystem::exists(folder / "manifest.json", ignored)) {
        throw UsageError(concat(printable(folder),
                                " holds no finished index (no manifest.json); run `clipsim index --shard` "
                                "there to its end"));
    }
    const IndexIdentity identity = read_manifest(folder / "manifest.json").identity;
    return {printable(folder), identity,
            std::make_unique<SqliteStore>(SqliteStore::open_for_reading(folder / "images.db", identity))};
}

}  // namespace clipsim
