// The shapes of CLIP's two towers, as in Hugging Face's config.json.
#pragma once

#include <filesystem>

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
};

// `vision_config`
struct VisionConfig : TransformerConfig {
    VisionConfig() : TransformerConfig{768, 12, 12, 3072, 1e-5, Activation::quick_gelu} {}

    int image_size = 224;
    int patch_size = 32;
    int projection_dim = 512;  // of the joint space

    int tokens() const { return (image_size / patch_size) * (image_size / patch_size) + 1; }
};

// `text_config`
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

bool describes_text_tower(const std::filesystem::path& config_json);

// Throw UsageError naming file and key for what is missing, out of range or not a CLIP.
VisionConfig read_vision_config(const std::filesystem::path& config_json);
TextConfig read_text_config(const std::filesystem::path& config_json);

}  // namespace clipsim
