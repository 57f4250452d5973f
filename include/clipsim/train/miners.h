// Miners choose triplets (anchor, positive, negative), or pairs, from a batch. Definitions follow
// pytorch-metric-learning's miners, Schroff et al. 2015 (FaceNet, https://arxiv.org/abs/1503.03832), Hermans
// et al. 2017 (https://arxiv.org/abs/1703.07737), Wu et al. 2017 (https://arxiv.org/abs/1706.07567) and Wang
// et al. 2019 (https://arxiv.org/abs/1904.06627).
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

#include "clipsim/train/comparison.h"
#include "clipsim/train/train_config.h"

namespace clipsim {

struct Triplet {
    std::int32_t anchor;              // row of the batch
    std::int32_t positive, negative;  // rows of the references
};
using Triplets = std::vector<Triplet>;

struct MinerOptions {
    Mining mining = Mining::all;
    double margin = 0.2;          // of the distances given; for semi_hard
    int triplets_per_anchor = 0;  // at most this many, drawn at random; 0: all
    DistanceWeightedConfig distance_weighted;
};

// distances: [B, R] of the comparison's anchors and references, Euclidean for distance_weighted.
// `generator`, on the CPU, serves what is drawn. Triplets are chosen on the CPU, wherever the distances are.
//   random:            for each pair (anchor, positive) one negative, each equally likely
//   all:               every valid triplet
//   semi_hard:         every triplet with d(a,p) < d(a,n) <= d(a,p) + margin, as TripletMarginMiner has it
//   batch_hard:        for each anchor the farthest positive and the nearest negative
//   distance_weighted: for each pair (anchor, positive) one negative, by negative_weights()
Triplets mine_triplets(const MinerOptions& options, const torch::Tensor& distances,
                       const Comparison& comparison, torch::Generator& generator);

// [B, R], rows that sum to 1, or to 0 where an anchor has no negative to draw: how likely each reference is
// drawn by distance_weighted, the inverse of how often its distance occurs between random points of the unit
// sphere in `dimension` dimensions.
torch::Tensor negative_weights(const DistanceWeightedConfig& config, const torch::Tensor& distances,
                               const Comparison& comparison);

// [B, R] bool each: the pairs that multi_similarity trains on. A positive less similar than the most similar
// negative + epsilon, a negative more similar than the least similar positive - epsilon.
struct PairMasks {
    torch::Tensor positives, negatives;
};
PairMasks multi_similarity_pairs(double epsilon, const torch::Tensor& similarities,
                                 const Comparison& comparison);

}  // namespace clipsim
