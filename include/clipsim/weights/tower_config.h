// The shapes of the towers: what is read from a model's config, whatever its format, and what a tower is
// built from.
#pragma once

#include <optional>

#include "clipsim/weights/efficientnet_config.h"

namespace clipsim {

enum class Activation { quick_gelu, gelu };  // quick_gelu: x * sigmoid(1.702 x)

// A stack of pre-norm transformer blocks.
struct TransformerConfig {
    int hidden_size = 0;
    int layers = 12;
    int heads = 0;
    int intermediate_size = 0;
    double layer_norm_eps = 1e-5;
    Activation activation = Activation::quick_gelu;
    bool layer_scale = false;  // a learned factor a channel on what a block adds (Touvron et al. 2021)
};

// CLIP's by default; DINOv2's differs in what the flags say. With `efficientnet` it is no transformer:
// `layers` are then the number of inverted residual blocks and hidden_size what the projection takes;
// patches, heads and norms say nothing.
struct VisionConfig : TransformerConfig {
    VisionConfig() : TransformerConfig{768, 12, 12, 3072, 1e-5, Activation::quick_gelu} {}

    int image_size = 224;
    int patch_size = 32;
    int projection_dim =
        512;  // of the embedding: the joint space, or hidden_size where there is no projection
    bool patch_bias = false;
    bool pre_norm = true;        // a layer norm before the first block
    bool has_projection = true;  // else the embedding is the class token after the last layer norm
    int registers = 0;           // tokens beside class and patches (Darcet et al. 2023)
    // Whether position embeddings of another grid are resized with antialiasing: open_clip does, DINOv2's
    // code does not, but does again for the models with registers.
    bool antialias_positions = true;

    std::optional<EfficientNetConfig> efficientnet;

    int grid() const { return image_size / patch_size; }
    int positions() const { return grid() * grid() + 1; }
    int tokens() const { return positions() + registers; }
};

struct TextConfig : TransformerConfig {
    TextConfig() : TransformerConfig{512, 12, 8, 2048, 1e-5, Activation::quick_gelu} {}

    int vocabulary_size = 49408;
    int context_length = 77;  // tokens a sentence may have, start and end of text among them
    // The sentence's embedding is read at the first of these. 2, in OpenAI's own configs, is a mistake kept
    // for compatibility: there it is read at the token of the highest number, which end of text is.
    int end_of_text = 49407;
    static constexpr int end_of_text_is_highest = 2;
    int projection_dim = 512;  // of the joint space
};

}  // namespace clipsim
