// Losses over a batch of embeddings. Each follows pytorch-metric-learning's loss of the same name.
#pragma once

#include <torch/torch.h>

#include <map>
#include <memory>
#include <string>

#include "clipsim/train/comparison.h"
#include "clipsim/train/train_config.h"

namespace clipsim {

struct LossValue {
    torch::Tensor loss;            // scalar
    bool is_empty = true;          // nothing in the batch to learn from
    double active_share = 0;       // of the terms, those that pull: triplets that violate the margin, ...
    double positive_distance = 0;  // mean Euclidean distance of the positive pairs that were chosen
    double negative_distance = 0;  // and of the negative ones
    std::int64_t terms = 0;        // triplets or pairs chosen
};

class MetricLoss {
  public:
    virtual ~MetricLoss() = default;

    virtual LossValue compute(const Comparison& comparison) = 0;

    // What the loss itself learns, by name. Most learn nothing.
    virtual std::map<std::string, torch::Tensor> parameters() const { return {}; }
    // Before a stage: the embeddings [N, D] of the training images and their labels [N].
    virtual void start_from(const torch::Tensor& /*embeddings*/, const torch::Tensor& /*labels*/) {}
};

// The loss that train.loss names. `classes`: labels are below it; `dimension`: D. `generator`, on the CPU, is
// the miner's and must outlive the loss.
std::unique_ptr<MetricLoss> make_loss(const TrainConfig& config, int classes, int dimension,
                                      torch::Generator& generator);

}  // namespace clipsim
