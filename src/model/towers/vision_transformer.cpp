#include "towers/vision_transformer.h"

#include "towers/block_checkpointing.h"

namespace clipsim {

VisionTransformer::VisionTransformer(const VisionTransformerConfig& config)
    : VisionTowerImpl(config.layers, config.projection_dim), config_(config) {
    const int width = config.hidden_size;
    auto model = register_module("vision_model", std::make_shared<torch::nn::Module>());
    auto embeddings = model->register_module("embeddings", std::make_shared<torch::nn::Module>());
    if (config.class_token)
        class_embedding_ = embeddings->register_parameter("class_embedding", torch::empty({width}));
    auto patches = embeddings->register_module("patch_embedding", std::make_shared<torch::nn::Module>());
    patch_embedding_ =
        patches->register_parameter("weight", torch::empty({width, 3, config.patch_size, config.patch_size}));
    if (config.patch_bias) patch_bias_ = patches->register_parameter("bias", torch::empty({width}));
    auto positions = embeddings->register_module("position_embedding", std::make_shared<torch::nn::Module>());
    position_embedding_ = positions->register_parameter("weight", torch::empty({config.positions(), width}));
    if (config.registers > 0) {
        register_tokens_ =
            embeddings->register_parameter("register_tokens", torch::empty({config.registers, width}));
    }
    if (config.pre_norm)
        pre_layrnorm_ =
            model->register_module("pre_layrnorm", make_layer_norm(config));  // as Hugging Face spells it
    auto encoder = model->register_module("encoder", std::make_shared<torch::nn::Module>());
    layers_ = encoder->register_module("layers", torch::nn::ModuleList());
    for (int i = 0; i < config.layers; ++i) layers_->push_back(TransformerBlock(config));
    post_layernorm_ = model->register_module("post_layernorm", make_layer_norm(config));
    if (!config.has_projection) return;
    auto projection = register_module("visual_projection", std::make_shared<torch::nn::Module>());
    visual_projection_ =
        projection->register_parameter("weight", torch::empty({config.projection_dim, width}));
}

TransformerBlock VisionTransformer::block(int index) const {
    return TransformerBlock(layers_->ptr<TransformerBlockImpl>(static_cast<std::size_t>(index)));
}

torch::Tensor VisionTransformer::embed_patches(const torch::Tensor& pixels) {
    const torch::Tensor patches =
        torch::conv2d(pixels.to(patch_embedding_.dtype()), patch_embedding_, patch_bias_, config_.patch_size)
            .flatten(2)
            .transpose(1, 2);
    torch::Tensor tokens = patches;
    if (config_.class_token)
        tokens = torch::cat({class_embedding_.expand({pixels.size(0), 1, -1}), patches}, 1);
    tokens = tokens + position_embedding_;
    if (config_.registers > 0) {  // they have no place in the picture
        const std::int64_t first = config_.class_token ? 1 : 0;
        const torch::Tensor registers = register_tokens_.expand({pixels.size(0), -1, -1});
        tokens =
            torch::cat({tokens.narrow(1, 0, first), registers, tokens.narrow(1, first, patches.size(1))}, 1);
    }
    return config_.pre_norm ? pre_layrnorm_(tokens) : tokens;
}

bool VisionTransformer::first_token_only(int index) const {
    return config_.pooling == VisionPooling::class_token && index + 1 == config_.layers;
}

torch::Tensor VisionTransformer::forward_to(const torch::Tensor& pixels, int boundary) {
    torch::Tensor tokens = embed_patches(pixels);
    for (int i = 0; i < boundary; ++i) {
        tokens = block(i)->run(tokens, first_token_only(i));
    }
    return tokens;
}

torch::Tensor VisionTransformer::run_from(const torch::Tensor& tokens, int boundary, bool checkpointing) {
    torch::Tensor x = tokens;
    for (int i = boundary; i < config_.layers; ++i) {
        TransformerBlock current = block(i);
        const bool first_only = first_token_only(i);
        x = checkpointing ? checkpointed_run(*current, x, first_only) : current->run(x, first_only);
    }
    const torch::Tensor pooled =
        config_.pooling == VisionPooling::mean ? post_layernorm_(x).mean(1) : post_layernorm_(x.select(1, 0));
    return config_.has_projection ? torch::linear(pooled, visual_projection_) : pooled;
}

TokenShape VisionTransformer::shape_at(int boundary) const {
    const bool first_only = boundary == config_.layers && first_token_only(boundary - 1);
    return {first_only ? 1 : config_.tokens(), config_.hidden_size};
}

void VisionTransformer::quantize() {
    for (int i = 0; i < config_.layers; ++i) block(i)->quantize();
}

}  // namespace clipsim
