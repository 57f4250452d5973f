#include "row_search.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/impl/IDSelector.h>

#include <algorithm>
#include <array>
#include <cmath>

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

// A RowFilter as FAISS asks for it.
class AllowedRows : public faiss::IDSelector {
  public:
    explicit AllowedRows(const RowFilter& filter) : filter_(filter) {}
    bool is_member(idx_t row) const override { return filter_.allows(row); }

  private:
    const RowFilter& filter_;
};

class ExactSearch : public RowSearch {
  public:
    explicit ExactSearch(const faiss::Index& index) : index_(index) {}
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                   const RowFilter* filter) const override {
        return exact_nearest(index_, query, k, filter);
    }

  private:
    const faiss::Index& index_;
};

class IvfSearch : public RowSearch {
  public:
    IvfSearch(const faiss::IndexIVF& index, const IndexConfig& config) : index_(index) {
        IvfSearch::set_parameters(config);
    }
    void set_parameters(const IndexConfig& config) override {
        nprobe_ = static_cast<std::size_t>(config.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    }
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                   const RowFilter* filter) const override {
        const std::size_t wanted = filter == nullptr ? k : std::min(k, filter->allowed());
        if (wanted == 0) return {};
        std::vector<ScoredRow> found = probe(query, wanted, lists_for(filter), filter);
        // The probed lists gave out before k: look at all of them.
        if (found.size() < wanted) found = probe(query, wanted, index_.nlist, filter);
        return found;
    }

  private:
    // As many as hold, in all likelihood, as many allowed rows as nprobe lists hold rows.
    std::size_t lists_for(const RowFilter* filter) const {
        if (filter == nullptr) return nprobe_;
        const double lists = std::ceil(static_cast<double>(nprobe_) / filter->selectivity());
        return static_cast<std::size_t>(std::min(lists, static_cast<double>(index_.nlist)));
    }

    std::vector<ScoredRow> probe(std::span<const float> query, std::size_t k, std::size_t lists,
                                 const RowFilter* filter) const {
        faiss::SearchParametersIVF parameters;
        parameters.nprobe = lists;
        if (filter == nullptr) return search_with_faiss(index_, query, k, &parameters);
        AllowedRows allowed(*filter);
        parameters.sel = &allowed;
        return search_with_faiss(index_, query, k, &parameters);
    }

    const faiss::IndexIVF& index_;
    std::size_t nprobe_ = 0;
};

// Few enough that fetching them one by one is cheaper than reading past the rest.
constexpr double sparse = 0.25;

std::vector<ScoredRow> scan_allowed(const faiss::IndexFlat& flat, std::span<const float> query, std::size_t k,
                                    const RowFilter& filter) {
    TopK best(k);
    std::vector<std::int32_t> rows;
    std::vector<float> scores;
    constexpr std::size_t block = 4096;
    for (std::size_t first = 0; first < filter.rows(); first += block) {
        rows.clear();
        filter.for_each_allowed(first, std::min(first + block, filter.rows()),
                                [&](std::int64_t row) { rows.push_back(static_cast<std::int32_t>(row)); });
        scores.resize(rows.size());
        inner_products_at(query, flat.get_xb(), rows, scores.data());
        for (std::size_t i = 0; i < rows.size(); ++i) best.offer(scores[i], rows[i]);
    }
    return best.take();
}

}  // namespace

std::vector<ScoredRow> exact_nearest(const faiss::Index& storage, std::span<const float> query, std::size_t k,
                                     const RowFilter* filter) {
    if (filter != nullptr) k = std::min(k, filter->allowed());
    if (k == 0) return {};
    const auto* flat = dynamic_cast<const faiss::IndexFlat*>(&storage);
    if (flat == nullptr) {
        if (filter == nullptr) return search_with_faiss(storage, query, k);
        AllowedRows allowed(*filter);
        faiss::SearchParameters parameters;
        parameters.sel = &allowed;
        return search_with_faiss(storage, query, k, &parameters);
    }
    if (filter != nullptr && filter->selectivity() < sparse) return scan_allowed(*flat, query, k, *filter);
    constexpr std::size_t block = 512;  // scores that stay in the nearest cache
    std::array<float, block> scores{};
    const auto count = static_cast<std::size_t>(flat->ntotal);
    TopK best(k);
    for (std::size_t first = 0; first < count; first += block) {
        const std::size_t rows = std::min(block, count - first);
        inner_products(query, flat->get_xb() + first * query.size(), std::span(scores).first(rows));
        const auto offer = [&](std::int64_t row) {
            best.offer(scores[static_cast<std::size_t>(row) - first], row);
        };
        if (filter != nullptr) {
            filter->for_each_allowed(first, first + rows, offer);
        } else {
            for (std::size_t i = 0; i < rows; ++i) offer(static_cast<std::int64_t>(first + i));
        }
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
