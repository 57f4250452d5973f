// What the two stages of training have in common for the loop that runs them.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "optimization/optimizer.h"

namespace clipsim {

struct TrainBatch {
    torch::Tensor input;               // what Stage::embed takes
    std::vector<std::size_t> samples;  // [B] which training samples these are
};

// Hands out one batch after the other, then nothing.
using BatchStream = std::function<std::optional<TrainBatch>()>;

class Stage {
  public:
    virtual ~Stage() = default;

    // The first group is the one whose learning rate the config names.
    virtual std::vector<ParameterGroup> parameter_groups() const = 0;
    // `batches` are sample indices; the same epoch and batches give the same input. The stream must not
    // outlive either.
    virtual BatchStream batches(std::span<const std::vector<std::size_t>> batches, int epoch) = 0;
    // -> [B, projection_dim], unit rows, fp32, with gradients
    virtual torch::Tensor embed(const torch::Tensor& input) = 0;
    // -> [N, projection_dim] of the training images without augmentation, unit rows, as the tower was when
    // they were read: where a loss may start from.
    virtual torch::Tensor embed_training() = 0;
    // -> [N, projection_dim] of the validation images, fp32 on the CPU
    virtual torch::Tensor embed_validation() = 0;
    // Whether gradients pass through fp16, whose smallest number is 6e-8.
    virtual bool needs_loss_scaling() const { return false; }
};

}  // namespace clipsim
