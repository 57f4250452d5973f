// Search in an HNSW index: the graph is walked with vectors of bytes, what is found is scored again with
// those that the index keeps.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "clipsim/vectors/index_parameters.h"
#include "graph/hnsw_graph.h"
#include "rows/byte_rows.h"
#include "rows/stored_rows.h"
#include "search/row_search.h"

namespace clipsim {

class HnswSearch : public RowSearch {
  public:
    // view: of an HNSW index; bytes: its rows.
    HnswSearch(IndexView view, ByteRows bytes, const IndexParameters& config);

    void set_parameters(const IndexParameters& config) override;

    // Looks at everything (that the filter allows) where the graph gives out before k, and where so few rows
    // are allowed that this costs less than the walk to them.
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k, const RowFilter* filter,
                                   const ThreadPool& pool) const override;

  private:
    class BorrowedScratch;
    bool is_sparse(const RowFilter& filter, std::size_t width) const;
    std::vector<ScoredRow> scored_again(std::span<const float> query, const ByteQuery& bytes,
                                        std::span<const WalkScratch::Entry> beam, std::size_t k) const;

    StoredRows rows_;
    ByteRows bytes_;
    HnswGraph graph_;
    std::size_t ef_search_ = 0;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<WalkScratch>> idle_;  // one for each search at a time
};

}  // namespace clipsim
