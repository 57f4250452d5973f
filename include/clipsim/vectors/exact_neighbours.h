// The true nearest of a few queries among vectors that pass by block after block.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "clipsim/core/parallel.h"

namespace clipsim {

class ExactNeighbours {
  public:
    // queries: [Q, dimension]; they have to outlive this.
    ExactNeighbours(std::span<const float> queries, std::size_t dimension, int k,
                    const ThreadPool& pool = ThreadPool());
    ~ExactNeighbours();

    // vectors: [N, dimension], called rows[i]; those called -1 are passed over.
    void look_at(std::span<const std::int64_t> rows, std::span<const float> vectors);
    // [Q, k], best first, -1 where there were fewer. Nothing is left afterwards.
    std::vector<std::int64_t> take();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
