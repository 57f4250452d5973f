// CLIP's vision transformer (Radford et al. 2021, https://arxiv.org/abs/2103.00020) and, by what its config
// says, those that differ from it in a few places (DINOv2). Parameter names as in Hugging Face's CLIPModel
// (`vision_model.encoder.layers.0.self_attn.q_proj.weight`, ...), whatever a model's own file calls them.
#pragma once

#include "clipsim/model/transformer_block.h"
#include "clipsim/model/vision_tower.h"

namespace clipsim {

class VisionTransformer : public VisionTowerImpl {
  public:
    explicit VisionTransformer(const VisionTransformerConfig& config);

    torch::Tensor forward_to(const torch::Tensor& pixels, int boundary) override;
    TokenShape shape_at(int boundary) const override;
    void quantize() override;

  private:
    torch::Tensor run_from(const torch::Tensor& tokens, int boundary, bool checkpointing) override;
    torch::Tensor embed_patches(const torch::Tensor& pixels);  // [N, 3, H, W] -> [N, T, W], pre-norm applied
    TransformerBlock block(int index) const;
    // Whether what leaves that block is looked at in its first token alone.
    bool first_token_only(int index) const;

    VisionTransformerConfig config_;
    torch::Tensor patch_embedding_, position_embedding_;
    // Undefined where the config has none.
    torch::Tensor class_embedding_, patch_bias_, register_tokens_, visual_projection_;
    torch::nn::LayerNorm pre_layrnorm_{nullptr}, post_layernorm_{nullptr};
    torch::nn::ModuleList layers_{nullptr};
};

}  // namespace clipsim
