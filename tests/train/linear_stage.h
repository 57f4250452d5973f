// The smallest model that can be trained: one matrix.
#pragma once

#include "stage.h"

namespace clipsim::testing {

struct LinearStage : Stage {
    torch::Tensor weight = (torch::arange(15).view({5, 3}) * 0.7).sin().requires_grad_();  // [5, 3]

    std::vector<ParameterGroup> parameter_groups() const override { return {{{{"weight", weight}}, 0.1}}; }
    BatchStream batches(std::span<const std::vector<std::size_t>> /*batches*/, int /*epoch*/) override {
        return [] { return std::nullopt; };
    }
    torch::Tensor embed(const torch::Tensor& input) override {
        return torch::nn::functional::normalize(input.mm(weight),
                                                torch::nn::functional::NormalizeFuncOptions().dim(1));
    }
    torch::Tensor embed_training() override { return torch::zeros({0, 3}); }
    torch::Tensor embed_validation() override { return torch::zeros({0, 3}); }
};

}  // namespace clipsim::testing
