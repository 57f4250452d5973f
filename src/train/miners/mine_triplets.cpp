#include "pairs.h"

namespace clipsim {

namespace {

Triplets mine(const MinerOptions& options, const torch::Tensor& distances, const Comparison& comparison,
              torch::Generator& generator) {
    switch (options.mining) {
        case Mining::random: {
            const AnchorPositivePairs pairs = anchor_positive_pairs(comparison);
            return draw_negatives(pairs, pairs.negatives.to(torch::kFloat32), generator);
        }
        case Mining::all: {
            const AnchorPositivePairs pairs = anchor_positive_pairs(comparison);
            return triplets_of(pairs, pairs.negatives);
        }
        case Mining::semi_hard:
            return semi_hard_triplets(options.margin, distances, comparison);
        case Mining::batch_hard:
            return batch_hard_triplets(distances, comparison);
        case Mining::distance_weighted: {
            const AnchorPositivePairs pairs = anchor_positive_pairs(comparison);
            const torch::Tensor weights = negative_weights(options.distance_weighted, distances, comparison);
            return draw_negatives(pairs, weights.index_select(0, pairs.anchors), generator);
        }
    }
    return {};
}

}  // namespace

Triplets mine_triplets(const MinerOptions& options, const torch::Tensor& distances,
                       const Comparison& comparison, torch::Generator& generator) {
    const torch::NoGradGuard no_grad;
    return limit_per_anchor(mine(options, distances.detach(), comparison, generator),
                            options.triplets_per_anchor, generator);
}

}  // namespace clipsim
