// Search in FAISS's inverted lists: the lists of the nprobe centroids nearest to the query.
#pragma once

#include "rows/index_view.h"
#include "search/row_search.h"

namespace clipsim {

class IvfSearch : public RowSearch {
  public:
    IvfSearch(InvertedLists lists, std::size_t count, const IndexParameters& config);

    void set_parameters(const IndexParameters& config) override;
    // Looks at all lists where those of nprobe centroids give out before k.
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k, const RowFilter* filter,
                                   const ThreadPool& pool) const override;

  private:
    std::size_t lists_for(const RowFilter* filter) const;

    InvertedLists inverted_;
    std::size_t count_;
    std::size_t nprobe_ = 1;
};

}  // namespace clipsim
