#include "index_snapshot.h"

#include <fcntl.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/files/descriptor.h"
#include "clipsim/core/files/file_stamp.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/file_checksum.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "folder_lock.h"

namespace clipsim {

namespace {

// What is in the store but not in a derived file that ends at `last_id`, put on top of that file.
LiveIndex with_changes_since(VectorIndex base, const SqliteStore& store, std::int64_t last_id, int dimension,
                             Space space) {
    std::vector<std::int64_t> ids, damaged;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors, space, last_id, &damaged);
    if (!damaged.empty()) {
        log_warning(
            concat(damaged.size(),
                   " vectors in images.db are damaged and left out; `clipsim index --rebuild` makes them "
                   "again"));
    }
    return {std::move(base), store.removed(), std::move(ids), std::move(vectors), dimension};
}

// An exact index over what the store holds: nothing to build, and no file wanted.
LiveIndex from_store(const SqliteStore& store, int dimension, Space space, const std::string& problem) {
    const bool advised = problem.find("`clipsim index`") != std::string::npos;
    log_warning(concat(
        problem, advised ? ", which repairs it; until then" : "; `clipsim index` repairs it; until then",
        " images.db alone is used, which is slower to start"));
    return with_changes_since(VectorIndex::exact(dimension, {}, {}), store, 0, dimension, space);
}

}  // namespace

struct IndexSnapshot::Impl {
    std::filesystem::path folder;
    Manifest manifest;
    SqliteStore store;
    std::optional<StatStamp> manifest_stamp;  // of the manifest, or of none, that was read
    Descriptor text_file;  // held open: what is read through it stays when another is renamed into its place
    std::optional<LiveIndex> image, text;
    std::mutex mutex;  // a statement serves one thread at a time; also of `text`

    Impl(std::filesystem::path where, SqliteStore opened)
        : folder(std::move(where)),
          store(std::move(opened)),
          manifest_stamp(stat_stamp(folder / "manifest.json")) {}

    std::int64_t last_id() const { return manifest.last_id >= 0 ? manifest.last_id : store.last_id(); }

    // Throws Error with the reason where the file is not what the manifest vouches for.
    LiveIndex open_derived(const Descriptor& file, Space space) const {
        const std::string name = printable(folder / file_of(space));
        if (!file.valid()) throw Error(concat("cannot read ", name));
        if (!is_intact(file.path(), manifest.checksum_of(space)))
            throw Error(concat(name, " is damaged (its checksum differs from the manifest's)"));
        const int dimension = manifest.identity.dimension_of(space);
        return with_changes_since(VectorIndex::open(file.path(), manifest.parameters, dimension), store,
                                  last_id(), dimension, space);
    }

    // Throws Error where the files are not of one version, or not whole. A writer renames index.faiss,
    // text.faiss and manifest.json in this order, so what is opened in the other one and passes the checks is
    // of one.
    void open_files(const IndexParameters& wanted) {
        manifest = read_manifest(folder / "manifest.json");
        manifest.parameters = with_search_parameters(manifest.parameters, wanted);
        text_file = Descriptor(folder / file_of(Space::text), O_RDONLY);
        const Descriptor image_file(folder / file_of(Space::image), O_RDONLY);
        if (!is_derived_from(manifest, store))
            throw Error(concat(printable(folder / file_of(Space::image)), " is not of this images.db"));
        image = open_derived(image_file, Space::image);
    }

    void do_without_files(const std::string& problem, const IndexIdentity& identity) {
        manifest = {};
        manifest.identity = identity;
        manifest.parameters.type = IndexType::flat;
        manifest.generation = store.generation();
        manifest.roots = store.roots();
        text_file = Descriptor();
        image = from_store(store, identity.dimension, Space::image, problem);
        manifest.images = manifest.vectors = image->size();
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

    LiveIndex& text_vectors() {
        return *of_newest_state([&] {
            if (text) return &*text;
            store.hold();
            const auto release = [](SqliteStore* held) { held->release(); };
            const std::unique_ptr<SqliteStore, decltype(release)> held(&store, release);
            if (!store.is_current()) throw Error("too late");
            return &load_text_vectors();
        });
    }

    LiveIndex& load_text_vectors() {
        const int dimension = store.text_dimension();
        if (dimension == 0) {
            throw UsageError(concat(printable(folder),
                                    " keeps no vectors of the text space; to search for sentences, set "
                                    "index.text_search to true and run `clipsim index`"));
        }
        try {
            text = open_derived(text_file, Space::text);
        } catch (const Error& error) {
            text = from_store(store, dimension, Space::text, error.what());
        }
        return *text;
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
            impl->manifest.identity.base_hash = identity.base_hash;
            impl->manifest.identity.precision = identity.precision;
            impl->store.release();
            return IndexSnapshot(std::move(impl));
        } catch (const NewerIndexError&) {
            throw;
        } catch (const Error& error) {
            problem = error.what();
        }
        const bool written_to_before = std::exchange(written_to, is_locked(folder));
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

const LiveIndex& IndexSnapshot::vectors(Space space) const {
    return space == Space::image ? *impl_->image : impl_->text_vectors();
}

LiveIndex& IndexSnapshot::vectors(Space space) {
    return space == Space::image ? *impl_->image : impl_->text_vectors();
}

bool IndexSnapshot::is_current() const {
    const std::scoped_lock lock(impl_->mutex);
    // The manifest alone is rewritten where searches are tuned, say.
    return impl_->store.is_current() && stat_stamp(impl_->folder / "manifest.json") == impl_->manifest_stamp;
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

std::vector<StoredImage> IndexSnapshot::images() const {
    return impl_->of_newest_state([&] { return impl_->store.images(); });
}

std::vector<std::string> IndexSnapshot::labels() const {
    return impl_->of_newest_state([&] { return impl_->store.labels(); });
}

}  // namespace clipsim
