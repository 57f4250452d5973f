#include "row_search.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>

#include <array>

#include "hnsw_search.h"
#include "kernels.h"

namespace clipsim {

namespace {

std::vector<ScoredRow> search_with_faiss(const faiss::Index& index, std::span<const float> query,
                                         std::size_t k, const faiss::SearchParameters* parameters = nullptr) {
    std::vector<float> scores(k);
    std::vector<faiss::Index::idx_t> rows(k);
    index.search(1, query.data(), static_cast<faiss::Index::idx_t>(k), scores.data(), rows.data(),
                 parameters);
    std::vector<ScoredRow> found;
    for (std::size_t i = 0; i < k && rows[i] >= 0; ++i) found.push_back({scores[i], rows[i]});
    return found;
}

class ExactSearch : public RowSearch {
  public:
    explicit ExactSearch(const faiss::Index& index) : index_(index) {}
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k) const override {
        return exact_nearest(index_, query, k);
    }

  private:
    const faiss::Index& index_;
};

class IvfSearch : public RowSearch {
  public:
    IvfSearch(const faiss::IndexIVF& index, const IndexConfig& config) : index_(index) {
        IvfSearch::set_parameters(config);
        all_.nprobe = index.nlist;
    }
    void set_parameters(const IndexConfig& config) override {
        some_.nprobe = static_cast<std::size_t>(config.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    }
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k) const override {
        std::vector<ScoredRow> found = search_with_faiss(index_, query, k, &some_);
        // The probed lists gave out before k: look at all of them.
        if (found.size() < k) found = search_with_faiss(index_, query, k, &all_);
        return found;
    }

  private:
    const faiss::IndexIVF& index_;
    faiss::SearchParametersIVF some_, all_;
};

}  // namespace

std::vector<ScoredRow> exact_nearest(const faiss::Index& storage, std::span<const float> query,
                                     std::size_t k) {
    const auto* flat = dynamic_cast<const faiss::IndexFlat*>(&storage);
    if (flat == nullptr) return search_with_faiss(storage, query, k);
    constexpr std::size_t block = 512;  // scores that stay in the nearest cache
    std::array<float, block> scores{};
    const auto count = static_cast<std::size_t>(flat->ntotal);
    TopK best(k);
    for (std::size_t first = 0; first < count; first += block) {
        const std::size_t rows = std::min(block, count - first);
        inner_products(query, flat->get_xb() + first * query.size(), std::span(scores).first(rows));
        for (std::size_t i = 0; i < rows; ++i) best.offer(scores[i], static_cast<std::int64_t>(first + i));
    }
    return best.take();
}

std::unique_ptr<RowSearch> make_row_search(const faiss::Index& index, const IndexConfig& config) {
    if (const auto* hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index))
        return std::make_unique<HnswSearch>(*hnsw, config);
    if (const auto* ivf = dynamic_cast<const faiss::IndexIVF*>(&index))
        return std::make_unique<IvfSearch>(*ivf, config);
    return std::make_unique<ExactSearch>(index);
}

}  // namespace clipsim
