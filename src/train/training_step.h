// One step's gradients. The loss sees the embeddings of all batches that make the step at once, whatever the
// memory holds of the model's activations: first all embeddings, then the loss and its gradient with respect
// to them, then the model's gradients, a batch at a time (Gao et al. 2021, GradCache,
// https://arxiv.org/abs/2101.06983). The result is that of one large batch.
#pragma once

#include <span>
#include <vector>

#include "clipsim/distributed/process_group.h"
#include "clipsim/train/losses.h"
#include "cross_batch_memory.h"
#include "optimization/regularization.h"
#include "stage.h"

namespace clipsim {

struct LabelledBatches {
    std::span<const TrainBatch> batches;
    std::span<const int> labels;  // of all training samples
};

// What takes part in a step.
struct StepParts {
    Stage& stage;
    MetricLoss& loss;
    CrossBatchMemory& memory;
    const Regularizer& regularizer;
    ProcessGroup& processes;
};

// Adds `scale` times the gradients of the loss and of the regularizer's penalty to those of the parameters of
// the stage and of the loss. Where the loss is empty or not finite there are none. With several processes
// each gives its part of every batch (also an empty one), the loss sees all of them, and the gradients are
// those of the whole.
LossValue backpropagate(const StepParts& parts, const LabelledBatches& step, double scale);

}  // namespace clipsim
