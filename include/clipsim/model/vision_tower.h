// The image encoder, whatever network it is: what its users need to freeze, split, tune and run it.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "clipsim/model/families/tower_config.h"

namespace clipsim {

// What an image is between two blocks: places of the picture (and tokens beside them) x channels.
struct TokenShape {
    std::int64_t tokens = 0;
    std::int64_t width = 0;
};

// Parameters are left uninitialised: they come from a file. Not thread-safe while it is trained.
class VisionTowerImpl : public torch::nn::Module {
  public:
    // [N, 3, H, W] float, normalised as the model's preprocessing says -> [N, projection_dim], not normalised
    // (CLIPModel.get_image_features, open_clip's encode_image; of DINOv2 the pooler_output).
    torch::Tensor forward(const torch::Tensor& pixels);

    // The same in two steps, so that what is frozen can be computed once: pixels -> what enters block
    // `boundary`, [N, T, W] of shape_at(boundary) (where boundary is the number of blocks: what the
    // embedding is made of alone); from there to the embedding.
    virtual torch::Tensor forward_to(const torch::Tensor& pixels, int boundary) = 0;
    torch::Tensor forward_from(const torch::Tensor& tokens, int boundary, bool checkpointing = false);
    virtual TokenShape shape_at(int boundary) const = 0;

    // Blocks >= boundary and all that follows them, the joint projection too, take gradients; the rest does
    // not. Where boundary is the number of blocks, nothing does.
    void freeze_before(int boundary);
    // int8 arithmetic in the linear layers of all blocks, for inference on the CPU. Throws UsageError where
    // the network has none.
    virtual void quantize() = 0;

    // What freeze_before(boundary) leaves trainable, by our names.
    std::map<std::string, torch::Tensor> tensors_from(int boundary) const;
    // The block that a tensor of that name belongs to, if any.
    static std::optional<int> block_of(const std::string& name);
    int layers() const { return layers_; }        // blocks
    int dimension() const { return dimension_; }  // of the embedding

  protected:
    VisionTowerImpl(int layers, int dimension) : layers_(layers), dimension_(dimension) {}

  private:
    virtual torch::Tensor run_from(const torch::Tensor& tokens, int boundary, bool checkpointing) = 0;

    int layers_, dimension_;
};
TORCH_MODULE(VisionTower);

// The network that the config describes.
VisionTower make_vision_tower(const VisionConfig& config);

}  // namespace clipsim
