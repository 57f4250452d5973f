// What towers are stacks of: the unit of freezing, of layer-wise learning rates and of gradient
// checkpointing.
#pragma once

#include <torch/torch.h>

namespace clipsim {

class TowerBlock : public torch::nn::Module {
  public:
    // class_token_only: of a transformer's output the first token alone, exactly; of no matter to other
    // blocks.
    virtual torch::Tensor run(const torch::Tensor& input, bool class_token_only) = 0;
};

}  // namespace clipsim
