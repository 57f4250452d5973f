// AdamW over groups of parameters, with warm-up, cosine decay and gradient clipping.
#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/train/train_config.h"

namespace clipsim {

struct ParameterGroup {
    std::map<std::string, torch::Tensor> parameters;  // by name, so that the order is fixed
    double learning_rate = 0;                         // at the peak of the schedule
};

class Optimizer {
  public:
    // Weight decay falls on matrices alone, not on norms and biases (one-dimensional parameters).
    Optimizer(const std::vector<ParameterGroup>& groups, const TrainConfig& config, std::int64_t total_steps);

    // Clips the gradients to the norm that the config allows and takes a step at the rate for `step` (from
    // 0). False, with nothing done: their norm is not finite.
    bool step(std::int64_t step);
    void zero_grad();

    torch::optim::AdamW& adam() { return *adam_; }
    const std::vector<torch::Tensor>& parameters() const { return parameters_; }

  private:
    torch::Tensor gradient_norm() const;  // of all together, a scalar

    std::unique_ptr<torch::optim::AdamW> adam_;
    std::vector<double> peak_rates_;  // of each group of adam_
    std::vector<torch::Tensor> parameters_;
    const TrainConfig& config_;
    std::int64_t total_steps_;
};

// The share of the peak rate at a step: linear over the warm-up, then half a cosine down to 0 (Loshchilov and
// Hutter 2017, https://arxiv.org/abs/1608.03983), a line down to 0, or all of it.
double learning_rate_share(Schedule schedule, double warmup, std::int64_t step, std::int64_t total_steps);

}  // namespace clipsim
