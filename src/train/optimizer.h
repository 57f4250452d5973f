// AdamW over groups of parameters, with warm-up, cosine decay and gradient clipping.
#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clipsim {

struct ParameterGroup {
    std::map<std::string, torch::Tensor> parameters;  // by name, so that the order is fixed
    double learning_rate = 0;                         // at the peak of the schedule
};

class Optimizer {
  public:
    // Weight decay falls on matrices alone, not on norms and biases (one-dimensional parameters).
    Optimizer(const std::vector<ParameterGroup>& groups, std::int64_t total_steps);

    // Clips the gradients to norm 1 and takes a step at the rate for `step` (from 0).
    void step(std::int64_t step);
    void zero_grad();

    torch::optim::AdamW& adam() { return *adam_; }

  private:
    std::unique_ptr<torch::optim::AdamW> adam_;
    std::vector<double> peak_rates_;  // of each group of adam_
    std::vector<torch::Tensor> parameters_;
    std::int64_t total_steps_;
};

// The share of the peak rate at a step: linear over the first tenth of the steps, then half a cosine down to
// 0 (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983).
double schedule(std::int64_t step, std::int64_t total_steps);

}  // namespace clipsim
