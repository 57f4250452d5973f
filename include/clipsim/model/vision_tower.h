// CLIP's vision transformer (Radford et al. 2021, https://arxiv.org/abs/2103.00020) and, by what its config
// says, those that differ from it in a few places (DINOv2). Parameter names as in Hugging Face's CLIPModel
// (`vision_model.encoder.layers.0.self_attn.q_proj.weight`, ...), whatever a model's own file calls them.
#pragma once

#include <torch/torch.h>

#include <map>
#include <optional>
#include <string>

#include "clipsim/model/transformer_block.h"
#include "clipsim/weights/tower_config.h"

namespace clipsim {

// Parameters are left uninitialised: they come from a file. Not thread-safe while it is trained.
class VisionTowerImpl : public torch::nn::Module {
  public:
    explicit VisionTowerImpl(const VisionConfig& config);

    // [N, 3, H, W] float, CLIP-normalised -> [N, projection_dim], not normalised
    // (CLIPModel.get_image_features; of DINOv2 the pooler_output).
    torch::Tensor forward(const torch::Tensor& pixels);

    // The same in two steps, so that what is frozen can be computed once: pixels -> what enters block
    // `boundary`, [N, T, W] (where boundary is the number of blocks: the class token alone, [N, 1, W]); from
    // there to the embedding.
    torch::Tensor forward_to(const torch::Tensor& pixels, int boundary);
    torch::Tensor forward_from(const torch::Tensor& tokens, int boundary, bool checkpointing = false);

    // Blocks >= boundary, the final layer norm and the joint projection take gradients; the rest does not.
    // Where boundary is the number of blocks, nothing does.
    void freeze_before(int boundary);
    // int8 arithmetic in the linear layers of all blocks, for inference on the CPU.
    void quantize();

    // What freeze_before(boundary) leaves trainable, by Hugging Face's names.
    std::map<std::string, torch::Tensor> tensors_from(int boundary) const;
    // The block that a tensor of that name belongs to, if any.
    static std::optional<int> block_of(const std::string& name);
    const VisionConfig& config() const { return config_; }

  private:
    torch::Tensor embed_patches(const torch::Tensor& pixels);  // [N, 3, H, W] -> [N, T, W], pre-norm applied
    TransformerBlock block(int index) const;

    VisionConfig config_;
    torch::Tensor class_embedding_, patch_embedding_, position_embedding_;
    torch::Tensor patch_bias_, register_tokens_, visual_projection_;  // undefined where the config has none
    torch::nn::LayerNorm pre_layrnorm_{nullptr}, post_layernorm_{nullptr};
    torch::nn::ModuleList layers_{nullptr};
};
TORCH_MODULE(VisionTower);

}  // namespace clipsim
