// Search in an HNSW index: the graph is walked with vectors of bytes, what is found is scored again with
// those that the index keeps.
#pragma once

#include <faiss/IndexHNSW.h>

#include <memory>
#include <mutex>
#include <vector>

#include "byte_rows.h"
#include "clipsim/core/config.h"
#include "hnsw_graph.h"
#include "row_search.h"

namespace clipsim {

// The rows that an index keeps, as bytes.
ByteRows byte_rows_of(const faiss::IndexHNSW& index);

class HnswSearch : public RowSearch {
  public:
    // The index has to outlive this. A byte a dimension is held beside it.
    HnswSearch(const faiss::IndexHNSW& index, const IndexConfig& config);

    void set_parameters(const IndexConfig& config) override;

    // Looks at everything (that the filter allows) where the graph gives out before k, and where so few rows
    // are allowed that this costs less than the walk to them.
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                   const RowFilter* filter = nullptr) const override;

  private:
    class BorrowedScratch;
    bool is_sparse(const RowFilter& filter, std::size_t width) const;
    std::vector<ScoredRow> scored_again(std::span<const float> query,
                                        std::span<const WalkScratch::Entry> beam, std::size_t k) const;

    const faiss::IndexHNSW& index_;
    ByteRows rows_;
    HnswGraph graph_;
    std::size_t ef_search_ = 0;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<WalkScratch>> idle_;  // one for each search at a time
};

}  // namespace clipsim
