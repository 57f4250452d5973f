// Proxy anchor loss (Kim et al. 2020, https://arxiv.org/abs/2003.13911): a learned proxy a class, to which
// the class's images are drawn and from which all others are pushed.
#pragma once

#include "clipsim/train/losses.h"

namespace clipsim {

class ProxyAnchorLoss : public MetricLoss {
  public:
    ProxyAnchorLoss(const ProxyAnchorConfig& config, int classes, int dimension);
    LossValue compute(const Comparison& comparison) override;
    std::map<std::string, torch::Tensor> parameters() const override;
    // The proxies become the mean directions of the classes.
    void start_from(const torch::Tensor& embeddings, const torch::Tensor& labels) override;

  private:
    ProxyAnchorConfig config_;
    torch::Tensor proxies_;  // [C, D], not normalised
};

}  // namespace clipsim
