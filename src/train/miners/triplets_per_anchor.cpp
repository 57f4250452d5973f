#include "pairs.h"

namespace clipsim {

Triplets limit_per_anchor(const Triplets& triplets, int limit, torch::Generator& generator) {
    if (limit == 0 || triplets.size() == 0) return triplets;
    // In random order, then by anchor: the first `limit` of each anchor are a uniform choice among its own.
    const torch::Tensor anchors = triplets.anchors.cpu();
    const torch::Tensor shuffled = torch::randperm(anchors.size(0), generator);
    const auto [sorted, order] = anchors.index_select(0, shuffled).sort(std::optional<bool>(true), 0);
    const auto [unique, inverse, counts] = torch::unique_consecutive(sorted, true, true);
    const torch::Tensor first = counts.cumsum(0) - counts;  // of each anchor
    const torch::Tensor rank = torch::arange(anchors.size(0)) - first.index_select(0, inverse);
    const torch::Tensor kept = std::get<0>(shuffled.index_select(0, order.masked_select(rank < limit)).sort())
                                   .to(triplets.anchors.device());
    return {triplets.anchors.index_select(0, kept), triplets.positives.index_select(0, kept),
            triplets.negatives.index_select(0, kept)};
}

}  // namespace clipsim
