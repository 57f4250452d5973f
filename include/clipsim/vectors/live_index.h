// An index that is always current: what index.faiss holds, less the images that were deleted since it was
// written, and the delta, those that came since. Searches find what they would in an index made anew.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/vectors/row_filter.h"
#include "clipsim/vectors/vector_index.h"

namespace clipsim {

class LiveIndex {
  public:
    // deleted: ids that the base must not give any more, also such as it never had. delta: ids above all of
    // the base's, ascending, [N], with vectors [N, dimension]; they are searched exactly.
    LiveIndex(VectorIndex base, std::span<const std::int64_t> deleted, std::vector<std::int64_t> delta,
              std::vector<float> delta_vectors, int dimension);

    // The images that a search may find.
    struct Selection {
        RowFilter base, delta;
    };
    Selection select(std::span<const std::int64_t> ids) const;  // ascending; unknown ones are passed over

    // The k nearest (of the selection, where one is given), best first; fewer only when there are fewer. An
    // exact search of many rows uses the pool's threads. Thread-safe.
    std::vector<Neighbour> search(std::span<const float> query, int k, const Selection* selection = nullptr,
                                  const ThreadPool& pool = ThreadPool(1)) const;
    // The same for a matrix of queries [Q, dimension].
    NearestRows search_rows(std::span<const float> queries, int k, const Selection* selection = nullptr,
                            const ThreadPool& pool = ThreadPool(1)) const;

    std::int64_t size() const;              // images that can be found
    std::vector<std::int64_t> ids() const;  // theirs, ascending
    std::int64_t delta_size() const { return static_cast<std::int64_t>(delta_ids_.size()); }
    // ef_search and nprobe of the config from now on. Not while a search is under way.
    void set_search_parameters(const IndexParameters& config) { base_.set_search_parameters(config); }

  private:
    std::int64_t position(std::int64_t id) const;  // in ids()

    VectorIndex base_;
    std::optional<RowFilter> live_;  // none: all of the base
    std::vector<std::int64_t> delta_ids_;
    std::optional<VectorIndex> delta_;
    std::size_t dimension_;
};

}  // namespace clipsim
