// A loss whose gradient was computed along with it.
#pragma once

#include <torch/torch.h>

namespace clipsim {

// The scalar `value` as a function of `input`: backward() passes `gradient`, of the input's shape, on to it.
torch::Tensor with_gradient(const torch::Tensor& input, double value, const torch::Tensor& gradient);

}  // namespace clipsim
