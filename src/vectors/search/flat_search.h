// Exact search: everything is looked at. Where the rows are at hand as bytes too, those are read first, at a
// quarter of the memory traffic, and a row is scored exactly only where its bytes do not prove that it is too
// far away; the result is the same.
#pragma once

#include "rows/byte_rows.h"
#include "rows/stored_rows.h"
#include "search/row_search.h"

namespace clipsim {

class FlatSearch : public RowSearch {
  public:
    // bytes: of the same rows, or none.
    FlatSearch(StoredRows rows, ByteRows bytes) : rows_(std::move(rows)), bytes_(std::move(bytes)) {}

    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                   const RowFilter* filter = nullptr,
                                   const ThreadPool& pool = ThreadPool(1)) const override;
    // Blocks of rows stay in the nearest caches while a block of queries passes over them. Threads share out
    // the queries; for a few queries among many rows, the rows.
    void nearest_of_each(std::span<const float> queries, std::size_t dimension, std::size_t k,
                         const ThreadPool& pool, const RowFilter* filter, const Found& found) const override;

  private:
    void scan_all(std::span<const float> query, const ThreadPool& pool, const RowFilter* filter,
                  TopK& best) const;

    StoredRows rows_;
    ByteRows bytes_;
};

// The nearest of all rows that the filter allows.
std::vector<ScoredRow> exact_nearest(const StoredRows& rows, std::span<const float> query, std::size_t k,
                                     const RowFilter* filter = nullptr);

}  // namespace clipsim
