// The shapes of EfficientNet-Lite
// (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite), the convolutional
// network that open_clip takes from timm by names such as "tf_efficientnet_lite0".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clipsim {

// One inverted residual block (Sandler et al. 2018, https://arxiv.org/abs/1801.04381): a pointwise
// convolution to more channels, a depthwise one, a pointwise one back to few.
struct InvertedResidualConfig {
    std::string timm_name;  // "blocks.1.0": stage and place in it
    int in_channels = 0;
    int expanded_channels = 0;
    int out_channels = 0;
    int kernel_size = 3;
    int stride = 1;

    bool expands() const { return expanded_channels != in_channels; }
    bool adds_input() const { return stride == 1 && in_channels == out_channels; }
};

struct EfficientNetConfig {
    int image_size = 224;
    int projection_dim = 512;  // of the embedding
    int stem_channels = 32;    // a convolution of 3 x 3, stride 2
    std::vector<InvertedResidualConfig> blocks;
    int head_channels = 1280;  // a pointwise convolution, whose output is averaged over the picture
    bool projection_bias = false;
    double batch_norm_eps = 1e-3;
};

// Lite0 to Lite4 by timm's name, with or without a tag after a dot ("tf_efficientnet_lite0.in1k"); none for
// other names.
std::optional<EfficientNetConfig> efficientnet_lite(std::string_view timm_model_name);

}  // namespace clipsim
