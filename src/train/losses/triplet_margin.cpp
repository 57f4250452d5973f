#include "triplet_margin.h"

#include "pair_statistics.h"

namespace clipsim {

TripletMarginLoss::TripletMarginLoss(const TrainConfig& config, torch::Generator& generator)
    : miner_{config.mining, config.margin, config.triplet.triplets_per_anchor, config.distance_weighted},
      config_(config.triplet),
      generator_(generator) {}

LossValue TripletMarginLoss::compute(const Comparison& comparison) {
    const torch::Tensor distances = pairwise_distances(comparison.anchors, comparison.references);
    // The margin is one of squares where the loss is.
    const bool square = config_.squared_distances && miner_.mining == Mining::semi_hard;
    const Triplets triplets =
        mine_triplets(miner_, square ? distances.square() : distances, comparison, generator_);
    return triplet_margin_loss(distances, triplets, miner_.margin, config_);
}

LossValue triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin,
                              const TripletConfig& config) {
    LossValue value;
    value.terms = triplets.size();
    value.is_empty = value.terms == 0;
    if (value.is_empty) {
        value.loss = distances.sum() * 0;
        return value;
    }
    // One index a distance: on CPUs its gradient is somewhat cheaper than that of a pair of them.
    const torch::Tensor flat = distances.flatten(), rows = triplets.anchors * distances.size(1);
    const torch::Tensor positive = flat.index_select(0, rows + triplets.positives);
    const torch::Tensor negative = flat.index_select(0, rows + triplets.negatives);
    const torch::Tensor violation =
        margin + (config.squared_distances ? positive.square() - negative.square() : positive - negative);
    value.loss =
        mean_of_positive(config.soft_margin ? torch::nn::functional::softplus(violation) : violation);
    value.active_share = (violation.detach() > 0).to(torch::kFloat64).mean().item<double>();
    value.positive_distance = positive.detach().mean().item<double>();
    value.negative_distance = negative.detach().mean().item<double>();
    return value;
}

}  // namespace clipsim
