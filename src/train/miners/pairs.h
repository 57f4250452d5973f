// What the miners of triplets are made of.
#pragma once

#include "clipsim/train/miners.h"

namespace clipsim {

// Every pair (anchor, positive), and per pair [P, R] which references are negatives of the anchor. With K
// images a class there are B (K - 1) pairs, so this is far smaller than a mask over all triplets.
struct AnchorPositivePairs {
    torch::Tensor anchors, positives;  // [P] int64
    torch::Tensor negatives;           // [P, R] bool
};
AnchorPositivePairs anchor_positive_pairs(const Comparison& comparison);

// The triplets of the pairs with the references that `mask` [P, R] keeps.
Triplets triplets_of(const AnchorPositivePairs& pairs, const torch::Tensor& mask);

// For each pair one negative, drawn by weights [P, R] on the CPU; pairs whose weights are all 0 drop out.
Triplets draw_negatives(const AnchorPositivePairs& pairs, const torch::Tensor& weights,
                        torch::Generator& generator);

Triplets semi_hard_triplets(double margin, const torch::Tensor& distances, const Comparison& comparison);
Triplets batch_hard_triplets(const torch::Tensor& distances, const Comparison& comparison);
Triplets limit_per_anchor(const Triplets& triplets, int limit, torch::Generator& generator);

}  // namespace clipsim
