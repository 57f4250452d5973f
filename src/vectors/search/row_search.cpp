#include "search/row_search.h"

#include <faiss/impl/IDSelector.h>

#include <optional>

#include "search/flat_search.h"

namespace clipsim {

namespace {

// A RowFilter as FAISS asks for it. Row numbers are 64 bits in every release, whatever their type's name.
class AllowedRows : public faiss::IDSelector {
  public:
    explicit AllowedRows(const RowFilter& filter) : filter_(filter) {}
    bool is_member(std::int64_t row) const override { return filter_.allows(row); }

  private:
    const RowFilter& filter_;
};

// A file of another program's making.
class FaissSearch : public RowSearch {
  public:
    explicit FaissSearch(const faiss::Index& index) : index_(index) {}
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k, const RowFilter* filter,
                                   const ThreadPool& /*pool*/) const override {
        std::vector<float> scores(k);
        std::vector<std::int64_t> rows(k);
        std::optional<AllowedRows> allowed;
        faiss::SearchParameters parameters;
        if (filter != nullptr) parameters.sel = &allowed.emplace(*filter);
        index_.search(1, query.data(), static_cast<std::int64_t>(k), scores.data(), rows.data(),
                      filter != nullptr ? &parameters : nullptr);
        std::vector<ScoredRow> found;
        for (std::size_t i = 0; i < k && rows[i] >= 0; ++i) found.push_back({scores[i], rows[i]});
        return found;
    }

  private:
    const faiss::Index& index_;
};

// Codes of 8 bits are bytes already; other rows are four or two times as much to read.
bool wants_bytes(const IndexView& view) {
    if (view.lists) return false;
    return view.rows.memory().storage != Storage::int8 || (view.graph && view.rows.dimension() % 64 != 0);
}

}  // namespace

void RowSearch::nearest_of_each(std::span<const float> queries, std::size_t dimension, std::size_t k,
                                const ThreadPool& pool, const RowFilter* filter, const Found& found) const {
    constexpr std::size_t piece = 8;  // queries that a thread takes at a time
    const ThreadPool alone(1);
    pool.parallel_for(queries.size() / dimension, piece,
                      [&](std::size_t begin, std::size_t end, std::size_t) {
                          for (std::size_t q = begin; q < end; ++q)
                              found(q, nearest(queries.subspan(q * dimension, dimension), k, filter, alone));
                      });
}

std::unique_ptr<RowSearch> make_row_search(IndexView view, const IndexParameters& config, ByteRows bytes) {
    if (view.lists) return make_ivf_search(std::move(*view.lists), view.count, config);
    if (wants_bytes(view) && bytes.size() == 0) bytes = ByteRows(view.rows);
    if (!view.graph) return std::make_unique<FlatSearch>(std::move(view.rows), std::move(bytes));
    if (bytes.size() == 0) {
        const RowMemory& codes = view.rows.memory();
        bytes = ByteRows::over_codes({codes.data, view.count * codes.dimension}, view.rows.steps());
    }
    return make_hnsw_search(std::move(view), std::move(bytes), config);
}

std::unique_ptr<RowSearch> make_row_search(const faiss::Index& index) {
    return std::make_unique<FaissSearch>(index);
}

}  // namespace clipsim
