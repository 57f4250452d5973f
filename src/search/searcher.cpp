#include "clipsim/search/searcher.h"

#include <algorithm>
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
    std::error_code ignored;
    return std::filesystem::equivalent(a, b, ignored);
}

// index.faiss or text.faiss, if it is what the manifest vouches for and says what the store says.
std::optional<VectorIndex> open_derived(const std::filesystem::path& folder, const Manifest& manifest,
                                        std::uint64_t generation, IndexSpace space, std::string& problem) {
    const bool own = space == IndexSpace::own;
    const std::filesystem::path file = folder / (own ? "index.faiss" : "text.faiss");
    try {
        if (manifest.generation != generation) {
            problem = concat(printable(file), " is behind images.db");
        } else if (hash_file(file) != (own ? manifest.index_hash : manifest.joint_index_hash)) {
            problem = concat(printable(file), " is damaged (its checksum differs from the manifest's)");
        } else {
            return VectorIndex::open(file, manifest.config,
                                     own ? manifest.identity.dimension : manifest.identity.joint_dimension);
        }
    } catch (const Error& error) {
        problem = error.what();
    }
    return std::nullopt;
}

// An exact index over what the store holds: nothing to build, and no file wanted.
VectorIndex derive_from(const ImageStore& store, int dimension, IndexSpace space,
                        const std::string& problem) {
    log_warning(
        concat(problem, "; using images.db alone, which is slower to start. `clipsim index` repairs it"));
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    store.load_vectors(ids, vectors, space);
    IndexConfig flat;
    flat.type = IndexType::flat;
    return VectorIndex::build(flat, dimension, ids, vectors);
}

}  // namespace

struct Searcher::Impl {
    std::filesystem::path folder;
    Manifest manifest;
    ImageStore store;  // the snapshot that `vectors` is of
    VectorIndex vectors;
    std::optional<VectorIndex> joint = std::nullopt;
    mutable std::mutex store_mutex = {};  // a statement serves one thread at a time
    std::mutex joint_mutex = {};

    Hit hit_of(const Neighbour& neighbour) const {
        const std::scoped_lock lock(store_mutex);
        const std::optional<StoredImage> image = store.find(neighbour.id);
        if (!image)
            throw Error(concat("the index names an unknown image ", neighbour.id, "; run `clipsim index`"));
        return {0, neighbour.id, image->path, image->label, neighbour.score};
    }

    const VectorIndex& vectors_of(IndexSpace space) {
        if (space == IndexSpace::own) return vectors;
        const std::scoped_lock lock(joint_mutex, store_mutex);
        if (joint) return *joint;
        const int dimension = store.joint_dimension();
        if (dimension == 0) {
            throw UsageError(concat(printable(folder),
                                    " keeps no vectors that sentences could be compared with; set "
                                    "index.text_search to true and run `clipsim index`"));
        }
        std::string problem;
        joint = open_derived(folder, manifest, store.generation(), space, problem);
        if (!joint) joint = derive_from(store, dimension, space, problem);
        return *joint;
    }
};

Searcher::Searcher(const std::filesystem::path& index_dir, const IndexIdentity& identity,
                   const IndexConfig& wanted) {
    std::string problem;
    // An update may finish between the two reads; then the second look finds its whole result.
    for (int attempt = 0; attempt < 3; ++attempt) {
        ImageStore store = ImageStore::open_for_reading(index_dir / "images.db", identity);
        Manifest manifest;
        try {
            manifest = read_manifest(index_dir / "manifest.json");
            manifest.config = with_search_parameters(manifest.config, wanted);
        } catch (const Error& error) {
            problem = error.what();
            break;
        }
        if (std::optional<VectorIndex> vectors =
                open_derived(index_dir, manifest, store.generation(), IndexSpace::own, problem)) {
            impl_ =
                std::make_unique<Impl>(index_dir, std::move(manifest), std::move(store), std::move(*vectors));
            return;
        }
    }
    ImageStore store = ImageStore::open_for_reading(index_dir / "images.db", identity);
    VectorIndex flat = derive_from(store, identity.dimension, IndexSpace::own, problem);
    Manifest manifest;
    manifest.identity = identity;
    manifest.config.type = IndexType::flat;
    manifest.images = manifest.vectors = store.count();
    manifest.generation = store.generation();
    impl_ = std::make_unique<Impl>(index_dir, std::move(manifest), std::move(store), std::move(flat));
}

Searcher::~Searcher() = default;
Searcher::Searcher(Searcher&&) noexcept = default;
Searcher& Searcher::operator=(Searcher&&) noexcept = default;

QueryResult Searcher::search(const std::string& name, std::span<const float> query,
                             const QueryOptions& options, IndexSpace space) const {
    const VectorIndex& vectors = impl_->vectors_of(space);
    const auto start = std::chrono::steady_clock::now();
    QueryResult result;
    result.query = name;
    const auto top_k = static_cast<std::size_t>(options.top_k);
    const int spare = static_cast<int>(options.exclude.size());
    std::vector<std::filesystem::path> own = options.exclude;
    for (std::filesystem::path& file : own) file = std::filesystem::absolute(file).lexically_normal();
    const auto is_own = [&](const Hit& hit) {
        return std::ranges::any_of(own, [&](const std::filesystem::path& file) {
            return hit.path == file || (hit.score >= own_score && same_file(hit.path, file));
        });
    };
    for (const Neighbour& neighbour : vectors.search(query, options.top_k + spare)) {
        if (result.hits.size() == top_k) break;
        if (options.min_score && neighbour.score < *options.min_score) break;
        Hit hit = impl_->hit_of(neighbour);
        if (is_own(hit)) continue;
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
