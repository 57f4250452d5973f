// The block that CLIP's towers are stacks of, parameter names as in Hugging Face's CLIPEncoderLayer.
#pragma once

#include <torch/torch.h>

#include <memory>

#include "clipsim/model/families/tower_config.h"
#include "clipsim/model/tower_block.h"

namespace clipsim {

class QuantizedLinear;

torch::nn::LayerNorm make_layer_norm(const TransformerConfig& config);

// A linear layer whose arithmetic can be switched to int8 for inference.
class EncoderLinearImpl : public torch::nn::Module {
  public:
    EncoderLinearImpl(int in, int out);
    torch::Tensor forward(const torch::Tensor& input);
    void quantize();  // to int8, for good; CPU only

    torch::Tensor weight, bias;

  private:
    std::shared_ptr<const QuantizedLinear> quantized_;
};
TORCH_MODULE(EncoderLinear);

// One pre-norm transformer block.
class TransformerBlockImpl : public TowerBlock {
  public:
    explicit TransformerBlockImpl(const TransformerConfig& config);
    torch::Tensor forward(const torch::Tensor& tokens);  // [N, T, W] -> [N, T, W]
    // The same for the first token alone, exactly: nothing that serves other tokens' outputs. [N, T, W] ->
    // [N, 1, W]
    torch::Tensor forward_first_token(const torch::Tensor& tokens);
    torch::Tensor run(const torch::Tensor& tokens, bool first_token_only) override {
        return first_token_only ? forward_first_token(tokens) : forward(tokens);
    }
    void quantize();

  private:
    torch::Tensor attend(const torch::Tensor& queries_from, const torch::Tensor& tokens);
    torch::Tensor feed_forward(const torch::Tensor& tokens);

    static torch::Tensor scaled(const torch::Tensor& added, const torch::Tensor& scale);

    int heads_;
    Activation activation_;
    AttentionMask mask_;
    torch::Tensor layer_scale1_, layer_scale2_;  // [W]; undefined where the config has none
    torch::nn::LayerNorm layer_norm1_{nullptr}, layer_norm2_{nullptr};
    EncoderLinear q_proj_{nullptr}, k_proj_{nullptr}, v_proj_{nullptr}, out_proj_{nullptr};
    EncoderLinear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(TransformerBlock);

}  // namespace clipsim
