// What towers are stacks of: the unit of freezing, of layer-wise learning rates and of gradient
// checkpointing.
#pragma once

#include <torch/torch.h>

namespace clipsim {

class TowerBlock : public torch::nn::Module {
  public:
    // first_token_only: of a transformer's output the first token alone, exactly; other blocks ignore it.
    virtual torch::Tensor run(const torch::Tensor& input, bool first_token_only) = 0;
};

}  // namespace clipsim
