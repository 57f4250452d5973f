#include "clipsim/train/miners.h"

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

// [B, B] bool: same label, not the same sample.
torch::Tensor positive_mask(const torch::Tensor& labels) {
    const torch::Tensor same = labels.unsqueeze(0) == labels.unsqueeze(1);
    return same &
           ~torch::eye(labels.size(0), torch::TensorOptions().dtype(torch::kBool).device(labels.device()));
}

torch::Tensor negative_mask(const torch::Tensor& labels) {
    return labels.unsqueeze(0) != labels.unsqueeze(1);
}

// Every pair (anchor, positive), and per pair [P, B] which samples are negatives of the anchor. With K images
// a class there are B (K - 1) pairs, so this is far smaller than a mask over all [B, B, B] triplets.
struct Pairs {
    torch::Tensor anchors, positives;  // [P]
    torch::Tensor negatives;           // [P, B] bool
};

Pairs all_pairs(const torch::Tensor& labels) {
    const torch::Tensor pairs = positive_mask(labels).nonzero();
    const torch::Tensor anchors = pairs.select(1, 0);
    return {anchors, pairs.select(1, 1), negative_mask(labels).index_select(0, anchors)};
}

// The triplets of the pairs with the samples that `mask` [P, B] keeps.
Triplets from_mask(const Pairs& pairs, const torch::Tensor& mask) {
    const torch::Tensor kept = mask.nonzero();
    const torch::Tensor pair = kept.select(1, 0);
    return {pairs.anchors.index_select(0, pair), pairs.positives.index_select(0, pair), kept.select(1, 1)};
}

Triplets all_triplets(const torch::Tensor& labels) {
    const Pairs pairs = all_pairs(labels);
    return from_mask(pairs, pairs.negatives);
}

Triplets semi_hard(const torch::Tensor& distances, const torch::Tensor& labels, double margin) {
    const Pairs pairs = all_pairs(labels);
    const torch::Tensor to_positive = distances.index({pairs.anchors, pairs.positives}).unsqueeze(1);
    const torch::Tensor gap = distances.index_select(0, pairs.anchors) - to_positive;  // d(a, n) - d(a, p)
    return from_mask(pairs, pairs.negatives & (gap > 0) & (gap <= margin));
}

Triplets batch_hard(const torch::Tensor& distances, const torch::Tensor& labels) {
    const torch::Tensor positives = positive_mask(labels), negatives = negative_mask(labels);
    const torch::Tensor farthest = std::get<1>(distances.masked_fill(~positives, -1.0).max(1));
    const torch::Tensor nearest = std::get<1>(distances.masked_fill(~negatives, 1e9).min(1));
    const torch::Tensor anchors = (positives.any(1) & negatives.any(1)).nonzero().flatten();
    return {anchors, farthest.index_select(0, anchors), nearest.index_select(0, anchors)};
}

// One negative for each pair (anchor, positive), uniformly among the anchor's negatives. Drawn on the CPU, so
// that the choice does not depend on the device.
Triplets random_negatives(const torch::Tensor& labels, torch::Generator& generator) {
    const Pairs pairs = all_pairs(labels.cpu());
    if (pairs.anchors.size(0) == 0 || !pairs.negatives[0].any().item<bool>()) return {};
    const torch::Tensor chosen =
        torch::multinomial(pairs.negatives.to(torch::kFloat32), 1, false, generator).flatten();
    const torch::Device device = labels.device();
    return {pairs.anchors.to(device), pairs.positives.to(device), chosen.to(device)};
}

}  // namespace

Triplets mine_triplets(Mining mining, const torch::Tensor& distances, const torch::Tensor& labels,
                       double margin, torch::Generator& generator) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor fixed = distances.detach();
    switch (mining) {
        case Mining::random:
            return random_negatives(labels, generator);
        case Mining::all:
            return all_triplets(labels);
        case Mining::semi_hard:
            return semi_hard(fixed, labels, margin);
        case Mining::batch_hard:
            return batch_hard(fixed, labels);
        case Mining::distance_weighted:
            throw UsageError("train.mining distance_weighted is not available");
    }
    return {};
}

}  // namespace clipsim
