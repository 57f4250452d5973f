#include "clipsim/index/updater.h"

#include <optional>
#include <unordered_map>
#include <utility>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/sqlite_store.h"
#include "derived_files.h"
#include "disk_changes.h"
#include "folder_lock.h"
#include "index_writer.h"
#include "sqlite.h"

namespace clipsim {

namespace {

// A database and the files that SQLite keeps beside it.
void remove_database(const std::filesystem::path& file) {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        std::error_code ignored;
        std::filesystem::remove(std::filesystem::path(file).concat(suffix), ignored);
    }
}

// The store of a rebuild: goes on with that of an earlier, killed rebuild when it is of the same model.
SqliteStore open_aside(const std::filesystem::path& file, const IndexIdentity& identity) {
    try {
        return SqliteStore::open_for_writing(file, identity);
    } catch (const Error&) {
        remove_database(file);
        return SqliteStore::open_for_writing(file, identity);
    }
}

}  // namespace

struct IndexUpdater::Impl {
    std::filesystem::path folder;
    IndexIdentity identity;
    IndexConfig config;
    Mode mode;
    int threads = 0;
    UpdateSettings settings;
    std::optional<FolderLock> lock;
    std::optional<SqliteStore> file;      // of an index in a folder
    std::unique_ptr<IndexWriter> server;  // of an index elsewhere
    ImageStore* store = nullptr;          // of either; none: a dry run over nothing
    DiskChanges changes;
    bool known_applied = false;
    UpdateReport report;

    std::filesystem::path database() const { return folder / "images.db"; }
    std::filesystem::path aside() const { return folder / "images.db.rebuild"; }

    void open() {
        if (config.backend != IndexBackend::faiss) {
            server = open_server_writer(identity, config, mode, settings);
            store = server->store();
        } else {
            open_folder();
            store = file ? &*file : nullptr;
        }
    }

    void open_folder() {
        std::error_code ignored;
        if (mode == Mode::dry_run) {
            if (std::filesystem::exists(database(), ignored)) {
                file = SqliteStore::open_for_reading(database(), identity);
            }
            return;
        }
        ensure_writable_folder(folder);
        lock.emplace(folder, settings.wait, settings.stop);
        if (mode == Mode::rebuild) {
            file = open_aside(aside(), identity);
        } else {
            derived().refuse_newer();
            file = SqliteStore::open_for_writing(database(), identity);
            remove_database(aside());  // left by a rebuild that was killed and is not wanted any more
        }
    }

    // What needs no model: before the first commit, which may replace a row whose vector a copy wants.
    void apply_known() {
        if (std::exchange(known_applied, true)) return;
        store->update(changes.moved);
        store_copies();
    }

    // Known vectors under new paths. All are read before the first is written: files may have swapped names.
    // Copies of what has no vector yet stay for the next call.
    void store_copies() {
        if (changes.copies.empty()) return;
        std::unordered_map<std::string, std::int64_t> by_content;
        for (const StoredImage& image : store->images()) {
            if (image.complete) by_content.emplace(image.content_hash, image.id);
        }
        std::vector<ImageEntry> entries, waiting;
        std::vector<float> vectors, joint;
        const auto append = [&](std::vector<float>& rows, std::int64_t id, IndexSpace space) {
            const std::vector<float> row = store->vector(id, space);
            rows.insert(rows.end(), row.begin(), row.end());
        };
        for (ImageEntry& copy : changes.copies) {
            const auto source = by_content.find(copy.content_hash);
            if (source == by_content.end()) {
                waiting.push_back(std::move(copy));
                continue;
            }
            append(vectors, source->second, IndexSpace::own);
            if (identity.joint_dimension > 0) append(joint, source->second, IndexSpace::joint);
            entries.push_back(std::move(copy));
        }
        store->put(entries, vectors, joint);
        changes.copies = std::move(waiting);
    }

    // Rows whose file is gone, or has other content that gave no vector.
    void remove_stale() {
        std::vector<std::int64_t> stale = changes.vanished;
        for (const std::int64_t id : changes.outdated) {
            if (store->find(id)) stale.push_back(id);  // a committed one has a new id by now
        }
        store->remove(stale);
    }

    void swap_in_rebuilt() {
        store = nullptr;
        file.reset();
        try {
            SqliteStore::replace_all(database(), aside());
        } catch (const DiskError&) {
            throw;  // the earlier index stays
        } catch (const Error& error) {
            log_warning(concat(error.what(), "; replacing it"));
            remove_database(database());
            SqliteStore::replace_all(database(), aside());
        }
        remove_database(aside());
        file = SqliteStore::open_for_writing(database(), identity);
        store = &*file;
    }

    DerivedFiles derived() const { return {folder, identity, config, settings, threads}; }
};

IndexUpdater::IndexUpdater(const std::filesystem::path& index_dir, const IndexIdentity& identity,
                           const IndexConfig& config, Mode mode, int threads, const UpdateSettings& settings)
    : impl_(std::make_unique<Impl>()) {
    impl_->folder = index_dir;
    impl_->identity = identity;
    impl_->config = config;
    impl_->mode = mode;
    impl_->threads = threads;
    impl_->settings = settings;
    impl_->open();
}

IndexUpdater::~IndexUpdater() = default;

const UpdatePlan& IndexUpdater::plan(std::span<const IndexCandidate> candidates,
                                     std::span<const std::filesystem::path> roots) {
    const std::vector<StoredImage> stored =
        impl_->store != nullptr ? impl_->store->images() : std::vector<StoredImage>{};
    impl_->changes = compare_with_disk(stored, candidates, roots);
    return impl_->changes.plan;
}

void IndexUpdater::commit(std::span<const ImageEntry> entries, std::span<const float> vectors,
                          std::span<const float> joint) {
    impl_->apply_known();
    impl_->store->put(entries, vectors, joint);
    impl_->report.embedded += entries.size();
}

UpdateReport IndexUpdater::finish() {
    impl_->apply_known();
    impl_->store_copies();
    impl_->remove_stale();
    UpdateReport& report = impl_->report;
    if (impl_->server) {
        impl_->server->publish(report);
        impl_->store = impl_->server->store();
    } else {
        if (impl_->mode == Mode::rebuild) impl_->swap_in_rebuilt();
        impl_->derived().refresh(*impl_->file, report);
    }
    report.unchanged = impl_->changes.plan.unchanged;
    report.renamed = impl_->changes.plan.renamed;
    report.removed = impl_->changes.plan.removed;
    report.total = impl_->store->count();
    return report;
}

}  // namespace clipsim
