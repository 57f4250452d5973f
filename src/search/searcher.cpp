#include "clipsim/search/searcher.h"

#include <chrono>
#include <mutex>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/index/image_store.h"
#include "clipsim/index/vector_index.h"

namespace clipsim {

namespace {

// A file that scores lower than this is not the query's own, so its name need not be resolved.
constexpr float own_score = 0.98f;

bool same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
    if (a == b) return true;
    std::error_code ignored;
    return std::filesystem::equivalent(a, b, ignored);
}

// The stored index.faiss, if it is what the manifest vouches for and says what the store says.
std::optional<VectorIndex> open_derived(const std::filesystem::path& folder, const Manifest& manifest,
                                        std::uint64_t generation, std::string& problem) {
    const std::filesystem::path file = folder / "index.faiss";
    try {
        if (manifest.generation != generation) {
            problem = concat(printable(file), " is behind images.db");
        } else if (hash_file(file) != manifest.index_hash) {
            problem = concat(printable(file), " is damaged (its checksum differs from the manifest's)");
        } else {
            return VectorIndex::open(file, manifest.config, manifest.identity.dimension);
        }
    } catch (const Error& error) {
        problem = error.what();
    }
    return std::nullopt;
}

}  // namespace

struct Searcher::Impl {
    Manifest manifest;
    ImageStore store;  // the snapshot that `vectors` is of
    VectorIndex vectors;
    mutable std::mutex store_mutex;  // a statement serves one thread at a time

    Hit hit_of(const Neighbour& neighbour) const {
        const std::scoped_lock lock(store_mutex);
        const std::optional<StoredImage> image = store.find(neighbour.id);
        if (!image)
            throw Error(concat("the index names an unknown image ", neighbour.id, "; run `clipsim index`"));
        return {0, neighbour.id, image->path, image->label, neighbour.score};
    }
};

Searcher::Searcher(const std::filesystem::path& index_dir, const IndexIdentity& identity) {
    std::string problem;
    // An update may finish between the two reads; then the second look finds its whole result.
    for (int attempt = 0; attempt < 3; ++attempt) {
        ImageStore store = ImageStore::open_for_reading(index_dir / "images.db", identity);
        Manifest manifest;
        try {
            manifest = read_manifest(index_dir / "manifest.json");
        } catch (const Error& error) {
            problem = error.what();
            break;
        }
        if (std::optional<VectorIndex> vectors =
                open_derived(index_dir, manifest, store.generation(), problem)) {
            impl_ = std::make_unique<Impl>(std::move(manifest), std::move(store), std::move(*vectors));
            return;
        }
    }
    log_warning(
        concat(problem, "; using images.db alone, which is slower to start. `clipsim index` repairs it"));
    ImageStore store = ImageStore::open_for_reading(index_dir / "images.db", identity);
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors);
    Manifest manifest;
    manifest.identity = identity;
    manifest.config.type = IndexType::flat;  // nothing to build
    manifest.images = manifest.vectors = store.count();
    manifest.generation = store.generation();
    VectorIndex flat = VectorIndex::build(manifest.config, identity.dimension, ids, vectors);
    impl_ = std::make_unique<Impl>(std::move(manifest), std::move(store), std::move(flat));
}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

QueryResult Searcher::search(const std::string& name, std::span<const float> query,
                             const QueryOptions& options) const {
    const auto start = std::chrono::steady_clock::now();
    QueryResult result;
    result.query = name;
    const auto top_k = static_cast<std::size_t>(options.top_k);
    const int spare = options.exclude ? 1 : 0;
    const std::filesystem::path own = options.exclude
                                          ? std::filesystem::absolute(*options.exclude).lexically_normal()
                                          : std::filesystem::path{};
    for (const Neighbour& neighbour : impl_->vectors.search(query, options.top_k + spare)) {
        if (result.hits.size() == top_k) break;
        if (options.min_score && neighbour.score < *options.min_score) break;
        Hit hit = impl_->hit_of(neighbour);
        if (options.exclude && neighbour.score >= own_score && same_file(hit.path, own)) continue;
        hit.rank = static_cast<int>(result.hits.size()) + 1;
        result.hits.push_back(std::move(hit));
    }
    result.took_ms =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return result;
}

const Manifest& Searcher::manifest() const {
    return impl_->manifest;
}

}  // namespace clipsim
