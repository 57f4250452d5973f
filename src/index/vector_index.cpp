#include "clipsim/index/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/FaissException.h>
#include <faiss/index_io.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr auto metric = faiss::METRIC_INNER_PRODUCT;
using FaissId = faiss::Index::idx_t;

constexpr std::int64_t flat_limit = 50'000;
constexpr std::int64_t points_per_list =
    39;  // below it, FAISS warns that k-means has too little to learn from

faiss::ScalarQuantizer::QuantizerType quantizer_of(Storage storage) {
    return storage == Storage::fp16 ? faiss::ScalarQuantizer::QT_fp16 : faiss::ScalarQuantizer::QT_8bit;
}

std::unique_ptr<faiss::Index> make_flat(Storage storage, int dimension) {
    if (storage == Storage::fp32) return std::make_unique<faiss::IndexFlat>(dimension, metric);
    return std::make_unique<faiss::IndexScalarQuantizer>(dimension, quantizer_of(storage), metric);
}

std::unique_ptr<faiss::Index> make_hnsw(const IndexConfig& config, int dimension) {
    std::unique_ptr<faiss::IndexHNSW> index;
    if (config.storage == Storage::fp32) {
        index = std::make_unique<faiss::IndexHNSWFlat>(dimension, config.hnsw.m, metric);
    } else {
        index = std::make_unique<faiss::IndexHNSWSQ>(dimension, quantizer_of(config.storage), config.hnsw.m,
                                                     metric);
    }
    index->hnsw.efConstruction = config.hnsw.ef_construction;
    return index;
}

std::unique_ptr<faiss::Index> make_ivf(const IndexConfig& config, int dimension, std::int64_t vectors) {
    const auto usual = static_cast<std::int64_t>(4 * std::sqrt(static_cast<double>(vectors)));
    const std::int64_t most = std::max<std::int64_t>(1, vectors / points_per_list);
    const std::int64_t lists = config.ivf.nlist > 0 ? std::min<std::int64_t>(config.ivf.nlist, vectors)
                                                    : std::clamp<std::int64_t>(usual, 1, most);
    auto centroids = std::make_unique<faiss::IndexFlat>(dimension, metric);
    const auto count = static_cast<std::size_t>(lists);
    const auto width = static_cast<std::size_t>(dimension);
    std::unique_ptr<faiss::IndexIVF> index;
    if (config.storage == Storage::fp32) {
        index = std::make_unique<faiss::IndexIVFFlat>(centroids.get(), width, count, metric);
    } else {
        index = std::make_unique<faiss::IndexIVFScalarQuantizer>(centroids.get(), width, count,
                                                                 quantizer_of(config.storage), metric);
    }
    index->cp.min_points_per_centroid = 1;  // the user's nlist is the user's choice
    static_cast<void>(centroids.release());
    index->own_fields = true;
    return index;
}

std::unique_ptr<faiss::Index> make_index(const IndexConfig& config, int dimension, std::int64_t vectors) {
    switch (vectors == 0 ? IndexType::flat : resolve_index_type(config.type, vectors)) {
        case IndexType::hnsw:
            return make_hnsw(config, dimension);
        case IndexType::ivf:
            return make_ivf(config, dimension, vectors);
        default:
            return make_flat(config.storage, dimension);
    }
}

}  // namespace

struct VectorIndex::Impl {
    std::unique_ptr<faiss::Index> index;  // an IndexIDMap2, what is written to the file
    faiss::IndexIDMap2* map = nullptr;
    faiss::IndexHNSW* hnsw = nullptr;  // whichever of the two it wraps
    faiss::IndexIVF* ivf = nullptr;

    explicit Impl(std::unique_ptr<faiss::Index> read) : index(std::move(read)) {
        map = dynamic_cast<faiss::IndexIDMap2*>(index.get());
        if (map == nullptr) throw Error("not an index that clipsim wrote (no id map)");
        hnsw = dynamic_cast<faiss::IndexHNSW*>(map->index);
        ivf = dynamic_cast<faiss::IndexIVF*>(map->index);
    }

    void set_search_parameters(const IndexConfig& config) const {
        if (hnsw != nullptr) hnsw->hnsw.efSearch = config.hnsw.ef_search;
        if (ivf != nullptr) ivf->nprobe = static_cast<std::size_t>(config.ivf.nprobe);
    }

    // Row numbers, not ids; -1 where nothing was found.
    void nearest_rows(const float* query, FaissId k, float* scores, FaissId* rows) const {
        map->index->search(1, query, k, scores, rows);
        if (rows[k - 1] >= 0) return;
        // The graph or the probed lists gave out before k: look at everything.
        if (hnsw != nullptr) hnsw->storage->search(1, query, k, scores, rows);
        if (ivf != nullptr) {
            faiss::SearchParametersIVF all;
            all.nprobe = ivf->nlist;
            ivf->search(1, query, k, scores, rows, &all);
        }
    }
};

VectorIndex::VectorIndex(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
VectorIndex::~VectorIndex() = default;
VectorIndex::VectorIndex(VectorIndex&&) noexcept = default;
VectorIndex& VectorIndex::operator=(VectorIndex&&) noexcept = default;

VectorIndex VectorIndex::build(const IndexConfig& config, int dimension, std::span<const std::int64_t> ids,
                               std::span<const float> vectors) {
    const auto count = static_cast<FaissId>(ids.size());
    try {
        std::unique_ptr<faiss::Index> index = make_index(config, dimension, count);
        if (count > 0) index->train(count, vectors.data());
        auto map = std::make_unique<faiss::IndexIDMap2>(index.get());
        static_cast<void>(index.release());
        map->own_fields = true;
        static_assert(std::is_same_v<FaissId, std::int64_t> || sizeof(FaissId) == sizeof(std::int64_t));
        const std::vector<FaissId> labels(ids.begin(), ids.end());
        if (count > 0) map->add_with_ids(count, vectors.data(), labels.data());
        VectorIndex result(std::make_unique<Impl>(std::move(map)));
        result.impl_->set_search_parameters(config);
        return result;
    } catch (const faiss::FaissException& error) {
        throw Error(concat("the index could not be built: ", error.what()));
    }
}

VectorIndex VectorIndex::open(const std::filesystem::path& file, const IndexConfig& config, int dimension) {
    try {
        std::unique_ptr<faiss::Index> index(faiss::read_index(file.c_str()));
        if (index->d != dimension) {
            throw Error(concat("it holds vectors of ", index->d, " dimensions, not ", dimension));
        }
        VectorIndex result(std::make_unique<Impl>(std::move(index)));
        result.impl_->set_search_parameters(config);
        return result;
    } catch (const std::exception& error) {  // FaissException, bad_alloc from a lying length, ours
        throw Error(concat("cannot read ", printable(file), ": ", error.what()));
    }
}

void VectorIndex::save(const std::filesystem::path& file) const {
    AtomicFile target(file);
    try {
        faiss::write_index(impl_->index.get(), target.temporary_path().c_str());
    } catch (const faiss::FaissException& error) {
        throw Error(concat("cannot write ", printable(file), ": ", error.what()));
    }
    target.commit();
}

std::vector<Neighbour> VectorIndex::search(std::span<const float> query, int k) const {
    const auto wanted = std::min<FaissId>(k, impl_->map->ntotal);
    if (wanted <= 0) return {};
    std::vector<float> scores(static_cast<std::size_t>(wanted));
    std::vector<FaissId> rows(static_cast<std::size_t>(wanted));
    impl_->nearest_rows(query.data(), wanted, scores.data(), rows.data());
    std::vector<Neighbour> neighbours;
    neighbours.reserve(rows.size());
    for (std::size_t i = 0; i < rows.size() && rows[i] >= 0; ++i) {
        neighbours.push_back({impl_->map->id_map[static_cast<std::size_t>(rows[i])], scores[i]});
    }
    return neighbours;
}

std::int64_t VectorIndex::size() const {
    return impl_->map->ntotal;
}

IndexType resolve_index_type(IndexType type, std::int64_t vectors) {
    if (type != IndexType::automatic) return type;
    return vectors < flat_limit ? IndexType::flat : IndexType::hnsw;
}

}  // namespace clipsim
