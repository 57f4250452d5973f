#include "pairs.h"

namespace clipsim {

Triplets semi_hard_triplets(double margin, const torch::Tensor& distances, const Comparison& comparison) {
    const AnchorPositivePairs pairs = anchor_positive_pairs(comparison);
    const torch::Tensor to_positive = distances.index({pairs.anchors, pairs.positives}).unsqueeze(1);
    const torch::Tensor gap = distances.index_select(0, pairs.anchors) - to_positive;  // d(a, n) - d(a, p)
    return triplets_of(pairs, pairs.negatives & (gap > 0) & (gap <= margin));
}

}  // namespace clipsim
