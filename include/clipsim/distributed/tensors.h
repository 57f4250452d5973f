// Tensors of all ranks: over Gloo, and those on GPUs over NCCL where use_device found that it can.
#pragma once

#include <torch/torch.h>

#include <span>

#include "clipsim/distributed/process_group.h"

namespace clipsim {

// Every rank says, once and before the calls below, where its tensors are. GPUs exchange over NCCL where
// LibTorch and clipsim are built with it and each rank has a GPU of its own; otherwise through host memory,
// and the log says why.
void use_device(ProcessGroup& group, const torch::Device& device);

struct GatheredRows {
    torch::Tensor rows;      // [sum of N, ...] of all ranks, in the order of the ranks; no gradient
    std::int64_t first = 0;  // where this rank's own begin
};

// local: [N, ...]; N may differ from rank to rank, also 0.
GatheredRows gather_rows(ProcessGroup& group, const torch::Tensor& local);

// Each tensor becomes the sum over the ranks, in place.
void sum_over_ranks(ProcessGroup& group, std::span<const torch::Tensor> tensors);

// The same for the gradients of parameters; one that a rank does not have counts as 0.
void sum_gradients(ProcessGroup& group, std::span<const torch::Tensor> parameters);

}  // namespace clipsim
