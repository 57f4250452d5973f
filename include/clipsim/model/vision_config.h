// The shape of a CLIP vision tower, as in the `vision_config` of Hugging Face's config.json.
#pragma once

#include <filesystem>

namespace clipsim {

enum class Activation { quick_gelu, gelu };  // quick_gelu: x * sigmoid(1.702 x)

struct VisionConfig {
    int image_size = 224;
    int patch_size = 32;
    int hidden_size = 768;
    int layers = 12;
    int heads = 12;
    int intermediate_size = 3072;
    int projection_dim = 512;  // of the joint space
    double layer_norm_eps = 1e-5;
    Activation activation = Activation::quick_gelu;

    int tokens() const { return (image_size / patch_size) * (image_size / patch_size) + 1; }
};

// Throws UsageError naming file and key for what is missing, out of range or not a CLIP.
VisionConfig read_vision_config(const std::filesystem::path& config_json);

}  // namespace clipsim
