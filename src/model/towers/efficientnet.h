// EfficientNet-Lite as a vision tower (Tan and Le 2019, https://arxiv.org/abs/1905.11946, without
// squeeze-and-excitation and with ReLU6): timm's tf_efficientnet_lite0 to 4 with the linear projection that
// open_clip puts on them. Our names: `vision_model.stem.weight`, `vision_model.blocks.0.depthwise.weight`,
// `vision_model.head.bias`, `visual_projection.weight`.
#pragma once

#include "clipsim/model/vision_tower.h"
#include "towers/inverted_residual.h"

namespace clipsim {

// Its tokens are the places of the feature map, row by row.
class EfficientNet : public VisionTowerImpl {
  public:
    explicit EfficientNet(const EfficientNetConfig& config);

    torch::Tensor forward_to(const torch::Tensor& pixels, int boundary) override;
    TokenShape shape_at(int boundary) const override;
    void quantize() override;

  private:
    torch::Tensor run_from(const torch::Tensor& tokens, int boundary, bool checkpointing) override;
    torch::Tensor tokens_at(const torch::Tensor& pixels, int boundary);  // forward_to() of few images
    torch::Tensor pooled(const torch::Tensor& map);  // what leaves the last block -> [N, head_channels]
    std::int64_t side_at(int boundary) const;        // of the square feature map that enters block `boundary`
    InvertedResidual& block(int index) const;

    EfficientNetConfig config_;
    SameConvolution stem_{nullptr}, head_{nullptr};
    torch::nn::ModuleList blocks_{nullptr};
    torch::Tensor projection_, projection_bias_;  // the bias is undefined where the config has none
};

}  // namespace clipsim
