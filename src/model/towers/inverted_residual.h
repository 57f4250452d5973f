// The parts that EfficientNet-Lite is made of. Their batch norms, whose statistics stay those of the
// pre-training also in fine-tuning, are folded into the convolutions.
#pragma once

#include "clipsim/model/families/efficientnet_config.h"
#include "clipsim/model/tower_block.h"

namespace clipsim {

// A convolution without dilation, padded as TensorFlow's SAME: where the padding is odd, the one more goes to
// the right and the bottom.
class SameConvolutionImpl : public torch::nn::Module {
  public:
    // in_channels / groups of the input go into each output.
    SameConvolutionImpl(int in_channels, int out_channels, int kernel_size, int stride = 1, int groups = 1);
    // [N, C, H, W] -> [N, C', ceil(H / stride), ceil(W / stride)]
    torch::Tensor forward(const torch::Tensor& input);

  private:
    torch::Tensor weight_, bias_;
    int kernel_size_, stride_, groups_;
};
TORCH_MODULE(SameConvolution);

// ReLU6, in place.
torch::Tensor clip_to_six(torch::Tensor x);

class InvertedResidual : public TowerBlock {
  public:
    explicit InvertedResidual(const InvertedResidualConfig& config);
    // [N, C, H, W] -> [N, C', ceil(H / stride), ceil(W / stride)]
    torch::Tensor run(const torch::Tensor& input, bool first_token_only) override;

  private:
    bool adds_input_;
    SameConvolution expand_{nullptr};  // none where the channels stay
    SameConvolution depthwise_{nullptr}, project_{nullptr};
};

}  // namespace clipsim
