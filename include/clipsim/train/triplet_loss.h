// Triplet margin loss on Euclidean distances of unit vectors.
#pragma once

#include <torch/torch.h>

#include "clipsim/train/miners.h"

namespace clipsim {

// [B, D] -> [B, B] Euclidean distances with a gradient that stays finite at distance 0.
torch::Tensor pairwise_distances(const torch::Tensor& embeddings);

struct TripletLoss {
    torch::Tensor loss;            // scalar, mean over the triplets with a loss above 0 (AvgNonZeroReducer)
    double active_share = 0;       // of the mined triplets, those with a loss above 0
    double positive_distance = 0;  // mean d(a, p) over the mined triplets
    double negative_distance = 0;  // mean d(a, n)
    std::int64_t triplets = 0;
};

TripletLoss triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin);

}  // namespace clipsim
