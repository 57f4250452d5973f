// CLIP's vision transformer (Radford et al. 2021, https://arxiv.org/abs/2103.00020), parameter names as in Hugging Face's
// CLIPModel (`vision_model.encoder.layers.0.self_attn.q_proj.weight`, ...).
#pragma once

#include <torch/torch.h>

#include "clipsim/model/vision_config.h"

namespace clipsim {

// One pre-norm transformer block.
class VisionBlockImpl : public torch::nn::Module {
 public:
    explicit VisionBlockImpl(const VisionConfig& config);
    torch::Tensor forward(const torch::Tensor& tokens);  // [N, T, W] -> [N, T, W]
    // The same for the class token alone, exactly: nothing that serves other tokens' outputs. [N, T, W] -> [N, 1, W]
    torch::Tensor forward_class_token(const torch::Tensor& tokens);

 private:
    torch::Tensor attend(const torch::Tensor& queries_from, const torch::Tensor& tokens);
    torch::Tensor feed_forward(const torch::Tensor& tokens);

    int heads_;
    Activation activation_;
    torch::nn::LayerNorm layer_norm1_{nullptr}, layer_norm2_{nullptr};
    torch::nn::Linear q_proj_{nullptr}, k_proj_{nullptr}, v_proj_{nullptr}, out_proj_{nullptr};
    torch::nn::Linear fc1_{nullptr}, fc2_{nullptr};
};
TORCH_MODULE(VisionBlock);

class VisionTowerImpl : public torch::nn::Module {
 public:
    explicit VisionTowerImpl(const VisionConfig& config);

    // [N, 3, H, W] float, CLIP-normalised -> [N, projection_dim], not normalised (CLIPModel.get_image_features).
    torch::Tensor forward(const torch::Tensor& pixels);

    // The same in two steps, so that what is frozen can be computed once:
    // pixels -> what enters block `boundary`, [N, T, W]; and from there to the embedding.
    torch::Tensor forward_to(const torch::Tensor& pixels, int boundary);
    torch::Tensor forward_from(const torch::Tensor& tokens, int boundary, bool checkpointing = false);

    // Blocks >= boundary, the final layer norm and the joint projection take gradients; the rest does not.
    void freeze_before(int boundary);

    const VisionConfig& config() const { return config_; }

 private:
    torch::Tensor embed_patches(const torch::Tensor& pixels);  // [N, 3, H, W] -> [N, T, W], pre-norm applied

    VisionConfig config_;
    torch::Tensor class_embedding_;
    torch::nn::Conv2d patch_embedding_{nullptr};
    torch::nn::Embedding position_embedding_{nullptr};
    torch::nn::LayerNorm pre_layrnorm_{nullptr}, post_layernorm_{nullptr};
    torch::nn::ModuleList layers_{nullptr};
    torch::nn::Linear visual_projection_{nullptr};
};
TORCH_MODULE(VisionTower);

}  // namespace clipsim
