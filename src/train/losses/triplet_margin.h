// Triplet margin loss (Schroff et al. 2015, https://arxiv.org/abs/1503.03832) on Euclidean distances of unit
// vectors, or their squares; with the hinge or, as softplus, with the soft margin of Hermans et al. 2017
// (https://arxiv.org/abs/1703.07737). The mean over the triplets with a loss above 0.
#pragma once

#include "clipsim/train/losses.h"
#include "clipsim/train/miners.h"

namespace clipsim {

class TripletMarginLoss : public MetricLoss {
  public:
    TripletMarginLoss(const TrainConfig& config, torch::Generator& generator);
    LossValue compute(const Comparison& comparison) override;

  private:
    MinerOptions miner_;
    TripletConfig config_;
    torch::Generator& generator_;
};

// The loss of given triplets. distances: [B, R], Euclidean. is_empty where there is no triplet.
LossValue triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin,
                              const TripletConfig& config = {});

}  // namespace clipsim
