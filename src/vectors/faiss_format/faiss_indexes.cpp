#include "faiss_format/faiss_indexes.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "clipsim/core/error.h"
#include "clipsim/core/parallel.h"
#include "clipsim/vectors/vector_index.h"
#include "graph/hnsw_builder.h"
#include "rows/index_view.h"
#include "search/row_search.h"

namespace clipsim {

namespace {

constexpr auto metric = faiss::METRIC_INNER_PRODUCT;

constexpr std::int64_t points_per_list =
    39;  // below it, FAISS warns that k-means has too little to learn from

faiss::ScalarQuantizer::QuantizerType quantizer_of(Storage storage) {
    return storage == Storage::fp16 ? faiss::ScalarQuantizer::QT_fp16 : faiss::ScalarQuantizer::QT_8bit;
}

std::unique_ptr<faiss::Index> make_flat(Storage storage, int dimension) {
    if (storage == Storage::fp32) return std::make_unique<faiss::IndexFlat>(dimension, metric);
    return std::make_unique<faiss::IndexScalarQuantizer>(dimension, quantizer_of(storage), metric);
}

std::unique_ptr<faiss::Index> make_hnsw(const IndexParameters& config, int dimension) {
    std::unique_ptr<faiss::IndexHNSW> index;
    if (config.storage == Storage::fp32) {
        index = std::make_unique<faiss::IndexHNSWFlat>(dimension, config.hnsw.m, metric);
    } else {
        index = std::make_unique<faiss::IndexHNSWSQ>(dimension, quantizer_of(config.storage), config.hnsw.m,
                                                     metric);
    }
    index->hnsw.efConstruction = config.hnsw.ef_construction;
    index->hnsw.efSearch = config.hnsw.ef_search.value_or(HnswConfig::default_ef_search);
    return index;
}

std::unique_ptr<faiss::Index> make_ivf(const IndexParameters& config, int dimension, std::int64_t vectors) {
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
    index->nprobe = static_cast<std::size_t>(config.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    return index;
}

std::unique_ptr<faiss::Index> make_index(const IndexParameters& config, int dimension, std::int64_t vectors) {
    switch (vectors == 0 ? IndexType::flat : resolve_index_type(config.type, vectors)) {
        case IndexType::hnsw:
            return make_hnsw(config, dimension);
        case IndexType::ivf:
            return make_ivf(config, dimension, vectors);
        default:
            return make_flat(config.storage, dimension);
    }
}

ByteRows bytes_of(const faiss::IndexHNSW& index) {
    const std::optional<IndexView> view = view_of(index);
    if (!view)
        throw Error("vectors could not be added to the index: it is not of a kind that clipsim writes");
    return make_bytes(view->rows, 1);
}

// Adds rows to an index. The graph of an HNSW index is built by us: several times faster than the FAISS
// at hand.
void fill(faiss::Index& index, const IndexParameters& config, std::span<const float> vectors, int threads) {
    const auto count = static_cast<std::int64_t>(vectors.size()) / index.d;
    auto* hnsw = dynamic_cast<faiss::IndexHNSW*>(&index);
    if (hnsw == nullptr) {
        index.add(count, vectors.data());
        return;
    }
    const auto first = static_cast<std::size_t>(hnsw->ntotal);
    hnsw->storage->add(count, vectors.data());
    hnsw->ntotal += count;
    const ByteRows rows = first == 0 ? ByteRows(vectors, static_cast<std::size_t>(index.d)) : bytes_of(*hnsw);
    add_to_hnsw(hnsw->hnsw, rows, first, config.hnsw.ef_construction, thread_count(threads));
}

}  // namespace

std::unique_ptr<faiss::IndexIDMap2> build_faiss_index(const IndexParameters& config, int dimension,
                                                      std::span<const std::int64_t> ids,
                                                      std::span<const float> vectors, int threads) {
    const auto count = static_cast<std::int64_t>(ids.size());
    std::unique_ptr<faiss::Index> index = make_index(config, dimension, count);
    auto map = std::make_unique<faiss::IndexIDMap2>(index.get());
    map->own_fields = true;
    faiss::Index& rows = *index.release();
    if (count == 0) return map;
    rows.train(count, vectors.data());
    fill(rows, config, vectors, threads);
    map->id_map.assign(ids.begin(), ids.end());
    map->ntotal = count;
    map->is_trained = true;
    map->construct_rev_map();
    return map;
}

void add_to_faiss_index(faiss::IndexIDMap2& map, const IndexParameters& config,
                        std::span<const std::int64_t> ids, std::span<const float> vectors, int threads) {
    fill(*map.index, config, vectors, threads);
    map.id_map.insert(map.id_map.end(), ids.begin(), ids.end());
    map.ntotal = map.index->ntotal;
    map.construct_rev_map();
}

}  // namespace clipsim
