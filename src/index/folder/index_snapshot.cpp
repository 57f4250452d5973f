#include "index_snapshot.h"

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/file_seal.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "folder_lock.h"
#include "pinned_file.h"

namespace clipsim {

namespace {

const char* file_of(IndexSpace space) {
    return space == IndexSpace::own ? "index.faiss" : "text.faiss";
}

// What is in the store but not in a derived file that ends at `last_id`, put on top of that file.
LiveIndex with_changes_since(VectorIndex base, const SqliteStore& store, std::int64_t last_id, int dimension,
                             IndexSpace space) {
    std::vector<std::int64_t> ids, damaged;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors, space, last_id, &damaged);
    if (!damaged.empty()) {
        log_warning(
            concat(damaged.size(),
                   " vectors in images.db are damaged and left out; `clipsim index --rebuild` makes them "
                   "anew"));
    }
    return {std::move(base), store.removed(), std::move(ids), vectors, dimension};
}

// An exact index over what the store holds: nothing to build, and no file wanted.
LiveIndex from_store(const SqliteStore& store, int dimension, IndexSpace space, const std::string& problem) {
    log_warning(
        concat(problem, "; using images.db alone, which is slower to start. `clipsim index` repairs it"));
    IndexParameters flat;
    flat.type = IndexType::flat;
    return with_changes_since(VectorIndex::build(flat, dimension, {}, {}), store, 0, dimension, space);
}

}  // namespace

struct IndexSnapshot::Impl {
    std::filesystem::path folder;
    Manifest manifest;
    SqliteStore store;
    PinnedFile joint_file;
    std::optional<LiveIndex> own, joint;
    std::mutex mutex;  // a statement serves one thread at a time; also of `joint`

    Impl(std::filesystem::path where, SqliteStore opened)
        : folder(std::move(where)), store(std::move(opened)) {}

    std::int64_t last_id() const { return manifest.last_id >= 0 ? manifest.last_id : store.last_id(); }

    // Throws Error with the reason where the file is not what the manifest vouches for.
    LiveIndex open_derived(const PinnedFile& file, IndexSpace space) const {
        const bool is_own = space == IndexSpace::own;
        const std::string name = printable(folder / file_of(space));
        if (!file.is_open()) throw Error(concat("cannot read ", name));
        if (!is_intact(file.path(), is_own ? manifest.index_seal : manifest.joint_index_seal))
            throw Error(concat(name, " is damaged (its checksum differs from the manifest's)"));
        const int dimension = is_own ? manifest.identity.dimension : manifest.identity.joint_dimension;
        return with_changes_since(VectorIndex::open(file.path(), manifest.parameters, dimension), store,
                                  last_id(), dimension, space);
    }

    // Throws Error where the files are not of one version, or not whole. A writer renames index.faiss,
    // text.faiss and manifest.json in this order, so what is opened in the other one and passes the checks is
    // of one.
    void open_files(const IndexParameters& wanted) {
        manifest = read_manifest(folder / "manifest.json");
        manifest.parameters = with_search_parameters(manifest.parameters, wanted);
        joint_file = PinnedFile(folder / file_of(IndexSpace::joint));
        const PinnedFile own_file(folder / file_of(IndexSpace::own));
        if (!is_derived_from(manifest, store))
            throw Error(concat(printable(folder / file_of(IndexSpace::own)), " is not of this images.db"));
        own = open_derived(own_file, IndexSpace::own);
    }

    void do_without_files(const std::string& problem, const IndexIdentity& identity) {
        manifest = {};
        manifest.identity = identity;
        manifest.parameters.type = IndexType::flat;
        manifest.generation = store.generation();
        joint_file = PinnedFile();
        own = from_store(store, identity.dimension, IndexSpace::own, problem);
        manifest.images = manifest.vectors = own->size();
    }

    // What work() makes of the store, which may be in a later state than this. An error that comes of it,
    // after a migration say, is no damage.
    template <typename Work>
    auto of_newest_state(Work&& work) {
        const std::scoped_lock lock(mutex);
        try {
            return work();
        } catch (const UsageError&) {
            throw;
        } catch (const Error&) {
            if (store.is_current()) throw;
            throw StaleIndexError(concat(printable(folder), " was updated meanwhile"));
        }
    }

    LiveIndex& joint_vectors() {
        return *of_newest_state([&] {
            if (joint) return &*joint;
            store.hold();
            const auto release = [](SqliteStore* held) { held->release(); };
            const std::unique_ptr<SqliteStore, decltype(release)> held(&store, release);
            if (!store.is_current()) throw Error("too late");
            return &load_joint_vectors();
        });
    }

    LiveIndex& load_joint_vectors() {
        const int dimension = store.joint_dimension();
        if (dimension == 0) {
            throw UsageError(concat(printable(folder),
                                    " keeps no vectors that sentences could be compared with; set "
                                    "index.text_search to true and run `clipsim index`"));
        }
        try {
            joint = open_derived(joint_file, IndexSpace::joint);
        } catch (const Error& error) {
            joint = from_store(store, dimension, IndexSpace::joint, error.what());
        }
        return *joint;
    }
};

IndexSnapshot::IndexSnapshot(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
IndexSnapshot::~IndexSnapshot() = default;
IndexSnapshot::IndexSnapshot(IndexSnapshot&&) noexcept = default;
IndexSnapshot& IndexSnapshot::operator=(IndexSnapshot&&) noexcept = default;

IndexSnapshot IndexSnapshot::open(const std::filesystem::path& folder, const IndexIdentity& identity,
                                  const IndexParameters& wanted) {
    using namespace std::chrono_literals;
    // A writer that swaps files in takes a moment from the first to the last of them. Where nobody writes,
    // one more look is enough: the first may have come upon the end of such a moment.
    constexpr std::chrono::milliseconds waits[]{0ms, 1ms, 10ms, 50ms, 100ms, 200ms};
    std::string problem;
    bool written_to = true;
    for (const std::chrono::milliseconds wait : waits) {
        std::this_thread::sleep_for(wait);
        auto impl =
            std::make_unique<Impl>(folder, SqliteStore::open_for_reading(folder / "images.db", identity));
        try {
            impl->open_files(wanted);
            impl->store.release();
            return IndexSnapshot(std::move(impl));
        } catch (const NewerIndexError&) {
            throw;
        } catch (const Error& error) {
            problem = error.what();
        }
        const bool written_to_before = std::exchange(written_to, FolderLock::is_held(folder));
        if (!written_to && !written_to_before) break;
    }
    auto impl = std::make_unique<Impl>(folder, SqliteStore::open_for_reading(folder / "images.db", identity));
    impl->do_without_files(problem, identity);
    impl->store.release();
    return IndexSnapshot(std::move(impl));
}

const Manifest& IndexSnapshot::manifest() const {
    return impl_->manifest;
}

const LiveIndex& IndexSnapshot::vectors(IndexSpace space) const {
    return space == IndexSpace::own ? *impl_->own : impl_->joint_vectors();
}

LiveIndex& IndexSnapshot::vectors(IndexSpace space) {
    return space == IndexSpace::own ? *impl_->own : impl_->joint_vectors();
}

bool IndexSnapshot::is_current() const {
    const std::scoped_lock lock(impl_->mutex);
    return impl_->store.is_current();
}

std::vector<StoredImage> IndexSnapshot::find(std::span<const std::int64_t> ids) const {
    return impl_->of_newest_state([&] {
        std::vector<StoredImage> images;
        for (std::optional<StoredImage>& image : impl_->store.find(ids)) {
            if (!image) {
                throw Error(
                    concat("the index names an unknown image ", ids[images.size()], "; run `clipsim index`"));
            }
            images.push_back(std::move(*image));
        }
        return images;
    });
}

std::vector<std::int64_t> IndexSnapshot::matching(const ImageFilter& filter) const {
    return impl_->of_newest_state([&] { return impl_->store.matching(filter); });
}

}  // namespace clipsim
