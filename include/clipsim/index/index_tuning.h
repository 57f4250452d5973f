// What finding the cheapest good search takes of an index, wherever it is kept.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

class IndexTuning {
  public:
    virtual ~IndexTuning() = default;
    virtual IndexParameters parameters() const = 0;     // `type` resolved
    virtual std::size_t most_queries() const = 0;       // that are worth their time
    virtual int largest_effort() const = 0;             // ef_search or nprobe
    virtual std::vector<std::int64_t> ids() const = 0;  // ascending
    virtual std::vector<float> vector(std::int64_t id) const = 0;
    // All vectors, ids [N] and vectors [N, dimension] at a time, by id.
    using TakeBlock = std::function<void(std::span<const std::int64_t> ids, std::span<const float> vectors)>;
    virtual void for_each_block(const TakeBlock& take) const = 0;
    // ef_search and nprobe of searches from now on.
    virtual void use(const IndexParameters& parameters) = 0;
    // Of queries [Q, dimension], one after the other: positions in ids, [Q, count], -1 where there are fewer.
    virtual std::vector<std::int64_t> search_rows(std::span<const float> queries, int count) const = 0;
    // Every search's, from now on.
    virtual void keep(const IndexParameters& parameters) = 0;
};

}  // namespace clipsim
