#include "clipsim/weights/openai_config.h"

#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr int head_width = 64;
constexpr std::int64_t largest_size = 16'000'000;

// The sizes of a tensor, checked to be so many and none of them absurd.
std::vector<int> sizes_of(const WeightsFile& weights, const std::string& name, std::size_t dimensions) {
    const StoredTensor& tensor = weights.tensor(name);
    std::vector<int> sizes;
    for (const std::int64_t size : tensor.shape) {
        if (size >= 1 && size <= largest_size) sizes.push_back(static_cast<int>(size));
    }
    if (sizes.size() != dimensions || tensor.shape.size() != dimensions) {
        throw UsageError(concat(printable(weights.path), ": tensor ", name, " has the shape ",
                                shape_text(tensor.shape), ", expected ", dimensions, " sizes"));
    }
    return sizes;
}

void read_transformer(const WeightsFile& weights, const std::string& prefix, int width,
                      TransformerConfig& config) {
    config.hidden_size = width;
    config.heads = width / head_width;
    if (width % head_width != 0) {
        throw UsageError(
            concat(printable(weights.path), ": a width of ", width,
                   ", which heads of 64 do not divide: not a file of OpenAI's; one of open_clip ",
                   "wants its open_clip_config.json beside it"));
    }
    config.layers = 0;
    while (weights.contains(concat(prefix, config.layers, ".attn.in_proj_weight"))) ++config.layers;
    config.intermediate_size = sizes_of(weights, prefix + "0.mlp.c_fc.weight", 2)[0];
    config.activation = Activation::quick_gelu;
}

}  // namespace

OpenAiConfig infer_openai_config(const WeightsFile& weights) {
    if (weights.contains("visual.layer1.0.conv1.weight")) {
        throw UsageError(concat(printable(weights.path),
                                ": a CLIP with a ResNet; clipsim reads those with a vision ",
                                "transformer (ViT-B/32, ViT-B/16, ViT-L/14)"));
    }
    OpenAiConfig config;
    const std::vector<int> patches = sizes_of(weights, "visual.conv1.weight", 4);
    read_transformer(weights, "visual.transformer.resblocks.", patches[0], config.vision);
    config.vision.patch_size = patches[3];
    const int positions = sizes_of(weights, "visual.positional_embedding", 2)[0];
    const int grid = static_cast<int>(std::lround(std::sqrt(positions - 1)));
    if (grid < 1 || grid > 1024 || patches[3] > 1024) {
        throw UsageError(concat(printable(weights.path), ": tensor visual.positional_embedding has ",
                                positions, " rows, which are no grid of patches"));
    }
    config.vision.image_size = grid * config.vision.patch_size;
    config.vision.projection_dim = sizes_of(weights, "text_projection", 2)[1];

    const std::vector<int> tokens = sizes_of(weights, "token_embedding.weight", 2);
    read_transformer(weights, "transformer.resblocks.", tokens[1], config.text);
    config.text.vocabulary_size = tokens[0];
    config.text.context_length = sizes_of(weights, "positional_embedding", 2)[0];
    config.text.end_of_text = TextConfig::end_of_text_is_highest;
    config.text.projection_dim = config.vision.projection_dim;

    config.preprocess.short_side = config.preprocess.crop_width = config.preprocess.crop_height =
        config.vision.image_size;
    return config;
}

}  // namespace clipsim
