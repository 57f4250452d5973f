// Gradient checkpointing (Chen et al. 2016, https://arxiv.org/abs/1604.06174): keep a block's input alone and
// compute its activations again in the backward pass.
#pragma once

#include <torch/torch.h>

#include "clipsim/model/tower_block.h"

namespace clipsim {

// block.run() of the same arguments. The block has to outlive the graph.
torch::Tensor checkpointed_run(TowerBlock& block, const torch::Tensor& tokens, bool first_token_only);

}  // namespace clipsim
