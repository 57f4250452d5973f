#include "pairs.h"

namespace clipsim {

AnchorPositivePairs anchor_positive_pairs(const Comparison& comparison) {
    const torch::Tensor pairs = positive_mask(comparison).nonzero();
    const torch::Tensor anchors = pairs.select(1, 0);
    return {anchors, pairs.select(1, 1), negative_mask(comparison).index_select(0, anchors)};
}

Triplets triplets_of(const AnchorPositivePairs& pairs, const torch::Tensor& mask) {
    const torch::Tensor kept = mask.nonzero();
    const torch::Tensor pair = kept.select(1, 0);
    return {pairs.anchors.index_select(0, pair), pairs.positives.index_select(0, pair), kept.select(1, 1)};
}

Triplets draw_negatives(const AnchorPositivePairs& pairs, const torch::Tensor& weights,
                        torch::Generator& generator) {
    // On the CPU, so that the choice does not depend on the device.
    const torch::Tensor table = weights.cpu();
    const torch::Tensor drawable = (table.sum(1) > 0).nonzero().flatten();
    if (drawable.size(0) == 0) return {};
    const torch::Tensor drawn =
        torch::multinomial(table.index_select(0, drawable), 1, false, generator).flatten();
    const torch::Device device = pairs.anchors.device();
    const torch::Tensor rows = drawable.to(device);
    return {pairs.anchors.index_select(0, rows), pairs.positives.index_select(0, rows), drawn.to(device)};
}

}  // namespace clipsim
