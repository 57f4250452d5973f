#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "folder_lock.h"
#include "index_snapshot.h"

namespace clipsim {

namespace {

Manifest manifest_of(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw NoIndexError(
            concat("there is no index in ", printable(file.parent_path()), "; run `clipsim index` first"));
    }
    return read_manifest(file);
}

class FolderTuning final : public IndexTuning {
  public:
    explicit FolderTuning(const std::filesystem::path& folder)
        : file_(folder / "manifest.json"), manifest_(manifest_of(file_)) {
        if (manifest_.parameters.type == IndexType::flat || manifest_.images == 0) return;  // nothing to tune
        lock_ = lock_folder(folder);
        manifest_ = manifest_of(file_);
        store_ = SqliteStore::open_for_reading(folder / "images.db", manifest_.identity);
        snapshot_ = IndexSnapshot::open(folder, manifest_.identity);
    }

    IndexParameters parameters() const override { return manifest_.parameters; }
    std::size_t most_queries() const override { return 1000; }
    int largest_effort() const override { return 4096; }
    std::vector<std::int64_t> ids() const override {
        return snapshot_ ? snapshot_->vectors(Space::image).ids() : std::vector<std::int64_t>{};
    }
    std::vector<float> vector(std::int64_t id) const override { return store_->vector(id); }
    void for_each_block(const TakeBlock& take) const override { store_->for_each_block(Space::image, take); }
    void use(const IndexParameters& parameters) override {
        snapshot_->vectors(Space::image).set_search_parameters(parameters);
    }
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int count) const override {
        return snapshot_->vectors(Space::image).search_rows(queries, count).rows;
    }
    void keep(const IndexParameters& parameters) override {
        manifest_.parameters = parameters;
        write_manifest(file_, manifest_);
    }

  private:
    std::filesystem::path file_;
    Manifest manifest_;
    std::optional<FileLock> lock_;  // these three: none where there is nothing to tune
    std::optional<SqliteStore> store_;
    std::optional<IndexSnapshot> snapshot_;
};

}  // namespace

std::unique_ptr<IndexTuning> open_folder_tuning(const std::filesystem::path& folder) {
    return std::make_unique<FolderTuning>(folder);
}

}  // namespace clipsim
