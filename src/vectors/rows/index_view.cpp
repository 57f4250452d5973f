#include "rows/index_view.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexScalarQuantizer.h>

#include <span>

namespace clipsim {

namespace {

// Rows in the format of a scalar quantizer, or none for a format that is not ours.
std::optional<StoredRows> quantized_rows(const faiss::ScalarQuantizer& quantizer, const std::uint8_t* codes,
                                         std::size_t count) {
    const std::size_t dimension = quantizer.d;
    if (quantizer.qtype == faiss::ScalarQuantizer::QT_fp16)
        return StoredRows({codes, dimension, Storage::fp16}, count);
    if (quantizer.qtype != faiss::ScalarQuantizer::QT_8bit || quantizer.trained.size() != 2 * dimension)
        return std::nullopt;
    const std::span<const float> trained(quantizer.trained);
    return StoredRows({codes, dimension, Storage::int8}, count, trained.first(dimension),
                      trained.last(dimension));
}

std::optional<StoredRows> rows_of(const faiss::Index& index) {
    const auto count = static_cast<std::size_t>(index.ntotal);
    if (index.metric_type != faiss::METRIC_INNER_PRODUCT) return std::nullopt;
    if (const auto* flat = dynamic_cast<const faiss::IndexFlat*>(&index)) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(flat->get_xb());
        return StoredRows({data, static_cast<std::size_t>(index.d), Storage::fp32}, count);
    }
    if (const auto* quantized = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index))
        return quantized_rows(quantized->sq, quantized->codes.data(), count);
    return std::nullopt;
}

std::optional<IndexView> inverted_view(const faiss::IndexIVF& index) {
    IndexView view;
    InvertedLists& inverted = view.lists.emplace();
    view.count = static_cast<std::size_t>(index.ntotal);
    const std::optional<StoredRows> centroids = rows_of(*index.quantizer);
    if (!centroids || index.metric_type != faiss::METRIC_INNER_PRODUCT) return std::nullopt;
    inverted.centroids = *centroids;
    if (const auto* quantized = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&index)) {
        const std::optional<StoredRows> format = quantized_rows(quantized->sq, nullptr, 0);
        if (!format) return std::nullopt;
        inverted.format = *format;
        inverted.of_residuals = quantized->by_residual;
    } else if (dynamic_cast<const faiss::IndexIVFFlat*>(&index) != nullptr) {
        inverted.format = StoredRows({nullptr, static_cast<std::size_t>(index.d), Storage::fp32}, 0);
    } else {
        return std::nullopt;
    }
    for (std::size_t list = 0; list < index.nlist; ++list) {
        inverted.lists.push_back({index.invlists->get_codes(list),
                                  UnalignedArray<std::int64_t>(index.invlists->get_ids(list)),
                                  index.invlists->list_size(list)});
    }
    return view;
}

}  // namespace

GraphView::GraphView(const faiss::HNSW& graph)
    : nodes(graph.levels.size()),
      offsets(graph.offsets.data()),
      neighbours(graph.neighbors.data()),
      links(graph.neighbors.size()),
      lists(graph.cum_nneighbor_per_level.begin(), graph.cum_nneighbor_per_level.end()),
      entry_point(graph.entry_point),
      max_level(graph.max_level) {
    static_assert(sizeof(graph.offsets[0]) == 8 && sizeof(graph.neighbors[0]) == 4);
}

std::optional<IndexView> view_of(const faiss::Index& index) {
    if (const auto* inverted = dynamic_cast<const faiss::IndexIVF*>(&index)) return inverted_view(*inverted);
    const auto* hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index);
    const std::optional<StoredRows> rows = rows_of(hnsw != nullptr ? *hnsw->storage : index);
    if (!rows) return std::nullopt;
    IndexView view;
    view.count = static_cast<std::size_t>(index.ntotal);
    view.rows = *rows;
    if (hnsw != nullptr) view.graph = GraphView(hnsw->hnsw);
    return view;
}

}  // namespace clipsim
