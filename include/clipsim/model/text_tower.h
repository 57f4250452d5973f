// CLIP's text transformer (Radford et al. 2021, https://arxiv.org/abs/2103.00020), parameter names as in
// Hugging Face's CLIPModel (`text_model.encoder.layers.0.self_attn.q_proj.weight`, ...).
#pragma once

#include <torch/torch.h>

#include "clipsim/model/families/tower_config.h"
#include "clipsim/model/transformer_block.h"

namespace clipsim {

// Parameters are left uninitialised: they come from a file.
class TextTowerImpl : public torch::nn::Module {
  public:
    explicit TextTowerImpl(const TextConfig& config);

    // [N, T] int64 token ids, T at most context_length, each row with the token that the config's pooling
    // reads; under a causal mask what is behind it counts for nothing -> [N, projection_dim], not normalised
    // (CLIPModel.get_text_features).
    torch::Tensor forward(const torch::Tensor& ids);

    const TextConfig& config() const { return config_; }

  private:
    TextConfig config_;
    torch::Tensor token_embedding_, position_embedding_, text_projection_;
    torch::nn::LayerNorm final_layer_norm_{nullptr};
    torch::nn::ModuleList layers_{nullptr};
};
TORCH_MODULE(TextTower);

}  // namespace clipsim
