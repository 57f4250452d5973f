// Miners choose triplets (anchor, positive, negative) from a batch of embeddings and labels. Definitions
// follow pytorch-metric-learning's miners and Schroff et al. 2015 (FaceNet, https://arxiv.org/abs/1503.03832)
// and Hermans et al. 2017 (https://arxiv.org/abs/1703.07737).
#pragma once

#include <torch/torch.h>

#include "clipsim/core/config.h"

namespace clipsim {

struct Triplets {
    torch::Tensor anchors, positives, negatives;  // [M] int64 indices into the batch
    std::int64_t size() const { return anchors.defined() ? anchors.size(0) : 0; }
};

// distances: [B, B] Euclidean, labels: [B] int64. `generator` serves Mining::random alone.
//   random:     for each pair (anchor, positive) one negative at random
//   all:        every valid triplet
//   semi_hard:  every triplet with d(a,p) < d(a,n) <= d(a,p) + margin (bounds as in TripletMarginMiner)
//   batch_hard: for each anchor the farthest positive and the nearest negative
Triplets mine_triplets(Mining mining, const torch::Tensor& distances, const torch::Tensor& labels,
                       double margin, torch::Generator& generator);

}  // namespace clipsim
