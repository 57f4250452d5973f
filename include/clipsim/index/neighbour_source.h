// What a search asks of an index in a server: the nearest images, all of one state of the index.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_identity.h"

namespace clipsim {

struct FoundImage {
    std::int64_t id = 0;
    std::filesystem::path path;
    std::string label;
    float score = 0;  // inner product of unit vectors: cosine similarity
};

// Thread-safe.
class NeighbourSource {
  public:
    virtual ~NeighbourSource() = default;
    // The k nearest among the images that fit, best first; fewer only when there are fewer. `query` is a unit
    // vector of `space`. Throws UsageError for the joint space where the index keeps none.
    virtual std::vector<FoundImage> nearest(std::span<const float> query, int k, IndexSpace space,
                                            const ImageFilter& where) const = 0;
    virtual std::vector<std::int64_t> ids() const = 0;  // ascending
    virtual const IndexDescription& description() const = 0;
};

// For a matrix of queries [Q, dimension] on several threads (0: one a core): the positions in `ids` (the
// source's) of the nearest images that fit, [Q, k], best first, -1 where there are fewer.
std::vector<std::int64_t> search_rows(const NeighbourSource& source, std::span<const std::int64_t> ids,
                                      std::span<const float> queries, int k, const ImageFilter& where,
                                      int threads = 0);

}  // namespace clipsim
