// Nearest rows in an index that FAISS can read. One class a kind of index, over a view of it; FAISS's own
// search for kinds that clipsim does not write.
#pragma once

#include <faiss/Index.h>

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "clipsim/core/parallel.h"
#include "clipsim/vectors/index_parameters.h"
#include "clipsim/vectors/row_filter.h"
#include "rows/byte_rows.h"
#include "rows/index_view.h"
#include "top_k.h"

namespace clipsim {

class RowSearch {
  public:
    virtual ~RowSearch() = default;
    // Up to k rows, best first, with their exact scores as the rows are stored. With a filter (of as many
    // rows as the index has) only rows that it allows, and k of them if it allows so many. Thread-safe.
    virtual std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                           const RowFilter* filter, const ThreadPool& pool) const = 0;
    // The same for each row of a matrix of queries [Q, dimension], calls found(q, rows), from any
    // thread of the pool.
    using Found = std::function<void(std::size_t q, std::span<const ScoredRow> rows)>;
    virtual void nearest_of_each(std::span<const float> queries, std::size_t dimension, std::size_t k,
                                 const ThreadPool& pool, const RowFilter* filter, const Found& found) const;
    // ef_search or nprobe of the config from now on. Not while a search is under way.
    virtual void set_parameters(const IndexParameters& /*config*/) {}
};

// One kind of index each, of a view that shows it; bytes: its rows.
std::unique_ptr<RowSearch> make_hnsw_search(IndexView view, ByteRows bytes, const IndexParameters& config);
std::unique_ptr<RowSearch> make_ivf_search(InvertedLists lists, std::size_t count,
                                           const IndexParameters& config);

// What the view shows has to outlive it. `bytes`: the rows as bytes, where they are at hand; made of the rows
// otherwise, where they are wanted. ef_search and nprobe are the config's.
std::unique_ptr<RowSearch> make_row_search(IndexView view, const IndexParameters& config,
                                           ByteRows bytes = {});
// Of a kind that clipsim does not write. The index has to outlive it.
std::unique_ptr<RowSearch> make_row_search(const faiss::Index& index);

}  // namespace clipsim
