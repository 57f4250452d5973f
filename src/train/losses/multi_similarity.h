// Multi-similarity loss (Wang et al. 2019, https://arxiv.org/abs/1904.06627) on cosine similarities, with the
// pairs of its own miner. The mean over the anchors.
#pragma once

#include "clipsim/train/losses.h"

namespace clipsim {

class MultiSimilarityLoss : public MetricLoss {
  public:
    explicit MultiSimilarityLoss(const MultiSimilarityConfig& config) : config_(config) {}
    LossValue compute(const Comparison& comparison) override;

  private:
    MultiSimilarityConfig config_;
};

}  // namespace clipsim
