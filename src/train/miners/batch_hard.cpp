#include "pairs.h"

namespace clipsim {

Triplets batch_hard_triplets(const torch::Tensor& distances, const Comparison& comparison) {
    const torch::Tensor positives = positive_mask(comparison), negatives = negative_mask(comparison);
    const torch::Tensor farthest = std::get<1>(distances.masked_fill(~positives, -1.0).max(1));
    const torch::Tensor nearest = std::get<1>(distances.masked_fill(~negatives, 1e9).min(1));
    const torch::Tensor anchors = (positives.any(1) & negatives.any(1)).nonzero().flatten();
    return {anchors, farthest.index_select(0, anchors), nearest.index_select(0, anchors)};
}

}  // namespace clipsim
