// What towers are made of: the values a family reads from a model's files, and a tower is built from.
#pragma once

#include <variant>

#include "clipsim/model/families/efficientnet_config.h"
#include "clipsim/text/tokenizer_kind.h"

namespace clipsim {

enum class Activation { quick_gelu, gelu };          // quick_gelu: x * sigmoid(1.702 x)
enum class AttentionMask { none, causal };           // causal: a token sees itself and those before it
enum class VisionPooling { class_token, mean };      // mean: of all tokens, after the last layer norm
enum class TextPooling { end_of_text, highest_id };  // the token at which a sentence's embedding is read

// A stack of pre-norm transformer blocks.
struct TransformerConfig {
    int hidden_size = 0;
    int layers = 12;
    int heads = 0;
    int intermediate_size = 0;
    double layer_norm_eps = 1e-5;
    Activation activation = Activation::quick_gelu;
    AttentionMask mask = AttentionMask::none;
    bool layer_scale = false;  // a learned factor per channel on what a block adds (Touvron et al. 2021)
};

// CLIP's by default.
struct VisionTransformerConfig : TransformerConfig {
    VisionTransformerConfig() : TransformerConfig{768, 12, 12, 3072} {}

    int image_size = 224;
    int patch_size = 32;
    int projection_dim = 512;  // of the embedding; hidden_size where there is no projection
    VisionPooling pooling = VisionPooling::class_token;
    bool class_token = true;  // before the patches, with a position of its own
    bool patch_bias = false;
    bool pre_norm = true;  // a layer norm before the first block
    bool has_projection = true;
    int registers = 0;  // tokens without a position between class token and patches (Darcet et al. 2023)

    int grid() const { return image_size / patch_size; }
    int positions() const { return grid() * grid() + (class_token ? 1 : 0); }
    int tokens() const { return positions() + registers; }
};

// The network that makes vectors of images. One of another kind has its config here, its tower in model/, and
// a case in make_vision_tower.
struct VisionConfig {
    std::variant<VisionTransformerConfig, EfficientNetConfig> network;

    int image_size() const {
        return std::visit([](const auto& config) { return config.image_size; }, network);
    }
    int projection_dim() const {
        return std::visit([](const auto& config) { return config.projection_dim; }, network);
    }
};

struct TextConfig : TransformerConfig {
    TextConfig() : TransformerConfig{512, 12, 8, 2048} { mask = AttentionMask::causal; }

    TokenizerKind tokenizer = TokenizerKind::clip;
    int vocabulary_size = 49408;
    int context_length = 77;  // tokens a sentence may have, start and end of text among them
    TextPooling pooling = TextPooling::end_of_text;  // at the first of them
    int end_of_text = 49407;
    int projection_dim = 512;  // of the joint space
};

}  // namespace clipsim
