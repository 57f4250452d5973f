// Supervised contrastive loss (Khosla et al. 2020, https://arxiv.org/abs/2004.11362) on cosine similarities.
// The mean over the anchors with a loss above 0.
#pragma once

#include "clipsim/train/losses.h"

namespace clipsim {

class SupConLoss : public MetricLoss {
  public:
    explicit SupConLoss(const SupConConfig& config) : config_(config) {}
    LossValue compute(const Comparison& comparison) override;

  private:
    SupConConfig config_;
};

}  // namespace clipsim
