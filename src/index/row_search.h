// Nearest rows in an index that FAISS keeps. One class a kind of index: ours where we are faster than the
// FAISS at hand, FAISS's own for the rest.
#pragma once

#include <faiss/Index.h>

#include <memory>
#include <span>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/index/row_filter.h"
#include "top_k.h"

namespace clipsim {

class RowSearch {
  public:
    virtual ~RowSearch() = default;
    // Up to k rows, best first, with their exact scores where the rows are kept in fp32. With a filter (of as
    // many rows as the index has) only rows that it allows, and k of them if it allows so many. Thread-safe.
    virtual std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k,
                                           const RowFilter* filter = nullptr) const = 0;
    // ef_search or nprobe of the config from now on. Not while a search is under way.
    virtual void set_parameters(const IndexConfig& /*config*/) {}
};

// `index` has to outlive it. ef_search and nprobe are the config's.
std::unique_ptr<RowSearch> make_row_search(const faiss::Index& index, const IndexConfig& config);

// Everything that the filter allows is looked at: rows of fp32 in our own scan, others in FAISS's.
std::vector<ScoredRow> exact_nearest(const faiss::Index& storage, std::span<const float> query, std::size_t k,
                                     const RowFilter* filter = nullptr);

}  // namespace clipsim
