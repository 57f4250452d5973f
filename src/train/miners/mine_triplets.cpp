#include "mining_batch.h"

namespace clipsim {

namespace {

Triplets mine(const MinerOptions& options, const torch::Tensor& distances, const Comparison& comparison,
              torch::Generator& generator) {
    const MiningBatch batch(distances, comparison);
    switch (options.mining) {
        case Mining::random:
            return draw_negatives(batch, negative_mask(comparison).to(torch::kFloat32), generator);
        case Mining::all:
            return triplets_where(batch, [](float, float) { return true; });
        case Mining::semi_hard:
            return semi_hard_triplets(options.margin, batch);
        case Mining::batch_hard:
            return batch_hard_triplets(batch);
        case Mining::distance_weighted:
            return draw_negatives(batch, negative_weights(options.distance_weighted, distances, comparison),
                                  generator);
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
