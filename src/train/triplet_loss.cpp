#include "clipsim/train/triplet_loss.h"

namespace clipsim {

torch::Tensor pairwise_distances(const torch::Tensor& embeddings) {
    // Differences, not |a|^2 + |b|^2 - 2ab: in float the latter turns the distance 0 of duplicates into 3e-4.
    // cdist's gradient at distance 0 is 0 (the subgradient that pulls nowhere).
    constexpr std::int64_t without_matrix_product = 2;
    return torch::cdist(embeddings, embeddings, 2.0, without_matrix_product);
}

TripletLoss triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin) {
    TripletLoss result;
    result.triplets = triplets.size();
    if (result.triplets == 0) {
        result.loss = distances.sum() * 0;  // keeps the graph, so that a step stays a step
        return result;
    }
    const torch::Tensor positive = distances.index({triplets.anchors, triplets.positives});
    const torch::Tensor negative = distances.index({triplets.anchors, triplets.negatives});
    const torch::Tensor losses = torch::relu(positive - negative + margin);
    const torch::Tensor active = (losses.detach() > 0).sum();
    result.loss = losses.sum() / active.clamp_min(1);
    result.active_share = active.item<double>() / static_cast<double>(result.triplets);
    result.positive_distance = positive.detach().mean().item<double>();
    result.negative_distance = negative.detach().mean().item<double>();
    return result;
}

}  // namespace clipsim
