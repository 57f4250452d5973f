#include "clipsim/index/updater.h"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <utility>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/vector_index.h"
#include "disk_changes.h"
#include "folder_lock.h"

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
ImageStore open_aside(const std::filesystem::path& file, const IndexIdentity& identity) {
    try {
        return ImageStore::open_for_writing(file, identity);
    } catch (const Error&) {
        remove_database(file);
        return ImageStore::open_for_writing(file, identity);
    }
}

bool same_parameters(const IndexConfig& a, const IndexConfig& b) {
    if (a.type != b.type || a.storage != b.storage) return false;
    if (a.type == IndexType::hnsw)
        return a.hnsw.m == b.hnsw.m && a.hnsw.ef_construction == b.hnsw.ef_construction;
    return a.type != IndexType::ivf || a.ivf.nlist == b.ivf.nlist;
}

}  // namespace

struct IndexUpdater::Impl {
    std::filesystem::path folder;
    IndexIdentity identity;
    IndexConfig config;
    Mode mode;
    int threads = 0;
    std::optional<FolderLock> lock;
    std::optional<ImageStore> store;  // none: a dry run over nothing
    DiskChanges changes;
    bool known_applied = false;
    UpdateReport report;

    std::filesystem::path database() const { return folder / "images.db"; }
    std::filesystem::path aside() const { return folder / "images.db.rebuild"; }

    void open() {
        std::error_code ignored;
        if (mode == Mode::dry_run) {
            if (std::filesystem::exists(database(), ignored)) {
                store = ImageStore::open_for_reading(database(), identity);
            }
            return;
        }
        ensure_writable_folder(folder);
        lock.emplace(folder);
        if (mode == Mode::rebuild) {
            store = open_aside(aside(), identity);
        } else {
            store = ImageStore::open_for_writing(database(), identity);
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
        store.reset();
        try {
            ImageStore::replace_all(database(), aside());
        } catch (const Error& error) {
            log_warning(concat(error.what(), "; replacing it"));
            remove_database(database());
            ImageStore::replace_all(database(), aside());
        }
        remove_database(aside());
        store = ImageStore::open_for_writing(database(), identity);
    }

    // True when index.faiss and manifest.json already say what the store says.
    bool derived_is_current(const IndexConfig& resolved) const {
        try {
            const Manifest manifest = read_manifest(folder / "manifest.json");
            return manifest.generation == store->generation() && manifest.images == store->count() &&
                   manifest.identity.model_hash == identity.model_hash &&
                   manifest.identity.joint_dimension == identity.joint_dimension &&
                   same_parameters(manifest.config, resolved) &&
                   manifest.index_hash == hash_file(folder / "index.faiss") &&
                   (identity.joint_dimension == 0 ||
                    manifest.joint_index_hash == hash_file(folder / "text.faiss"));
        } catch (const Error&) {
            return false;
        }
    }

    // ef_search and nprobe that the index was tuned to, or the defaults.
    IndexConfig parameters_before() const {
        IndexConfig parameters;
        parameters.hnsw.ef_search = HnswConfig::default_ef_search;
        parameters.ivf.nprobe = IvfConfig::default_nprobe;
        try {
            return with_search_parameters(parameters, read_manifest(folder / "manifest.json").config);
        } catch (const Error&) {
            return parameters;
        }
    }

    void write_vectors(const IndexConfig& resolved, IndexSpace space, int dimension, const char* name) const {
        std::vector<std::int64_t> ids;
        std::vector<float> vectors;
        store->load_vectors(ids, vectors, space);
        VectorIndex::build(resolved, dimension, ids, vectors, threads).save(folder / name);
    }

    // Truth first, then what is derived from it, then the manifest that vouches for both: a reader that comes
    // in between sees a generation that does not fit and derives its own index.
    void write_derived() {
        IndexConfig resolved = config;
        resolved.type = resolve_index_type(config.type, store->count());
        const IndexConfig before = parameters_before();
        if (!resolved.hnsw.ef_search) resolved.hnsw.ef_search = before.hnsw.ef_search;
        if (!resolved.ivf.nprobe) resolved.ivf.nprobe = before.ivf.nprobe;
        const auto start = std::chrono::steady_clock::now();
        const bool has_joint = identity.joint_dimension > 0;
        if (!derived_is_current(resolved)) {
            write_vectors(resolved, IndexSpace::own, identity.dimension, "index.faiss");
            if (has_joint) write_vectors(resolved, IndexSpace::joint, identity.joint_dimension, "text.faiss");
        }
        report.build_seconds =
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        Manifest manifest;
        manifest.identity = identity;
        manifest.config = resolved;
        manifest.images = manifest.vectors = store->count();
        manifest.generation = store->generation();
        manifest.index_hash = hash_file(folder / "index.faiss");
        if (has_joint) manifest.joint_index_hash = hash_file(folder / "text.faiss");
        write_manifest(folder / "manifest.json", manifest);
        std::error_code ignored;
        if (!has_joint) std::filesystem::remove(folder / "text.faiss", ignored);
        report.type = resolved.type;
        report.parameters = resolved;
    }
};

IndexUpdater::IndexUpdater(const std::filesystem::path& index_dir, const IndexIdentity& identity,
                           const IndexConfig& config, Mode mode, int threads)
    : impl_(std::make_unique<Impl>()) {
    impl_->folder = index_dir;
    impl_->identity = identity;
    impl_->config = config;
    impl_->mode = mode;
    impl_->threads = threads;
    impl_->open();
}

IndexUpdater::~IndexUpdater() = default;

const UpdatePlan& IndexUpdater::plan(std::span<const IndexCandidate> candidates,
                                     std::span<const std::filesystem::path> roots) {
    const std::vector<StoredImage> stored =
        impl_->store ? impl_->store->images() : std::vector<StoredImage>{};
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
    if (impl_->mode == Mode::rebuild) impl_->swap_in_rebuilt();
    impl_->write_derived();
    UpdateReport& report = impl_->report;
    report.unchanged = impl_->changes.plan.unchanged;
    report.renamed = impl_->changes.plan.renamed;
    report.removed = impl_->changes.plan.removed;
    report.total = impl_->store->count();
    return report;
}

}  // namespace clipsim
