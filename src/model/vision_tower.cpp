#include "clipsim/model/vision_tower.h"

#include <cmath>

#include "block_checkpointing.h"
#include "quantized_linear.h"

namespace clipsim {

namespace {

torch::nn::LayerNorm make_norm(const VisionConfig& config) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.hidden_size}).eps(config.layer_norm_eps));
}

}  // namespace

EncoderLinearImpl::EncoderLinearImpl(int in, int out) {
    weight = register_parameter("weight", torch::empty({out, in}));
    bias = register_parameter("bias", torch::empty({out}));
}

torch::Tensor EncoderLinearImpl::forward(const torch::Tensor& input) {
    if (quantized_) return quantized_->forward(input);
    return torch::linear(input, weight, bias);
}

void EncoderLinearImpl::quantize() {
    quantized_ = std::make_shared<QuantizedLinear>(weight, bias);
}

VisionBlockImpl::VisionBlockImpl(const VisionConfig& config)
    : heads_(config.heads), activation_(config.activation) {
    const int width = config.hidden_size;
    auto attention = register_module("self_attn", std::make_shared<torch::nn::Module>());
    q_proj_ = attention->register_module("q_proj", EncoderLinear(width, width));
    k_proj_ = attention->register_module("k_proj", EncoderLinear(width, width));
    v_proj_ = attention->register_module("v_proj", EncoderLinear(width, width));
    out_proj_ = attention->register_module("out_proj", EncoderLinear(width, width));
    layer_norm1_ = register_module("layer_norm1", make_norm(config));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = mlp->register_module("fc1", EncoderLinear(width, config.intermediate_size));
    fc2_ = mlp->register_module("fc2", EncoderLinear(config.intermediate_size, width));
    layer_norm2_ = register_module("layer_norm2", make_norm(config));
}

void VisionBlockImpl::quantize() {
    for (EncoderLinear* linear : {&q_proj_, &k_proj_, &v_proj_, &out_proj_, &fc1_, &fc2_})
        (*linear)->quantize();
}

// queries_from: [N, Q, W], tokens: [N, T, W] -> [N, Q, W]
torch::Tensor VisionBlockImpl::attend(const torch::Tensor& queries_from, const torch::Tensor& tokens) {
    const auto split_heads = [this](const torch::Tensor& x) {
        return x.view({x.size(0), x.size(1), heads_, x.size(2) / heads_}).transpose(1, 2);
    };
    const torch::Tensor mixed = at::scaled_dot_product_attention(
        split_heads(q_proj_(queries_from)), split_heads(k_proj_(tokens)), split_heads(v_proj_(tokens)));
    return out_proj_(mixed.transpose(1, 2).reshape(queries_from.sizes()));
}

torch::Tensor VisionBlockImpl::feed_forward(const torch::Tensor& tokens) {
    const torch::Tensor hidden = fc1_(tokens);
    if (activation_ == Activation::gelu) return fc2_(torch::gelu(hidden));
    return fc2_(hidden * torch::sigmoid(1.702 * hidden));
}

torch::Tensor VisionBlockImpl::forward(const torch::Tensor& tokens) {
    const torch::Tensor normed = layer_norm1_(tokens);
    const torch::Tensor attended = tokens + attend(normed, normed);
    return attended + feed_forward(layer_norm2_(attended));
}

torch::Tensor VisionBlockImpl::forward_class_token(const torch::Tensor& tokens) {
    const torch::Tensor normed = layer_norm1_(tokens);
    const torch::Tensor attended = tokens.narrow(1, 0, 1) + attend(normed.narrow(1, 0, 1), normed);
    return attended + feed_forward(layer_norm2_(attended));
}

VisionTowerImpl::VisionTowerImpl(const VisionConfig& config) : config_(config) {
    const int width = config.hidden_size;
    auto model = register_module("vision_model", std::make_shared<torch::nn::Module>());
    auto embeddings = model->register_module("embeddings", std::make_shared<torch::nn::Module>());
    class_embedding_ = embeddings->register_parameter("class_embedding", torch::empty({width}));
    auto patches = embeddings->register_module("patch_embedding", std::make_shared<torch::nn::Module>());
    patch_embedding_ =
        patches->register_parameter("weight", torch::empty({width, 3, config.patch_size, config.patch_size}));
    auto positions = embeddings->register_module("position_embedding", std::make_shared<torch::nn::Module>());
    position_embedding_ = positions->register_parameter("weight", torch::empty({config.tokens(), width}));
    pre_layrnorm_ = model->register_module("pre_layrnorm", make_norm(config));  // Hugging Face's spelling
    auto encoder = model->register_module("encoder", std::make_shared<torch::nn::Module>());
    layers_ = encoder->register_module("layers", torch::nn::ModuleList());
    for (int i = 0; i < config.layers; ++i) layers_->push_back(VisionBlock(config));
    post_layernorm_ = model->register_module("post_layernorm", make_norm(config));
    auto projection = register_module("visual_projection", std::make_shared<torch::nn::Module>());
    visual_projection_ =
        projection->register_parameter("weight", torch::empty({config.projection_dim, width}));
}

VisionBlock VisionTowerImpl::block(int index) const {
    return VisionBlock(layers_->ptr<VisionBlockImpl>(static_cast<std::size_t>(index)));
}

torch::Tensor VisionTowerImpl::embed_patches(const torch::Tensor& pixels) {
    const torch::Tensor patches =
        torch::conv2d(pixels.to(patch_embedding_.dtype()), patch_embedding_, {}, config_.patch_size)
            .flatten(2)
            .transpose(1, 2);
    const torch::Tensor class_token = class_embedding_.expand({pixels.size(0), 1, -1});
    return pre_layrnorm_(torch::cat({class_token, patches}, 1) + position_embedding_);
}

torch::Tensor VisionTowerImpl::forward_to(const torch::Tensor& pixels, int boundary) {
    torch::Tensor tokens = embed_patches(pixels);
    for (int i = 0; i < boundary; ++i) {
        tokens = i + 1 == config_.layers ? block(i)->forward_class_token(tokens) : block(i)->forward(tokens);
    }
    return tokens;
}

torch::Tensor VisionTowerImpl::forward_from(const torch::Tensor& tokens, int boundary, bool checkpointing) {
    torch::Tensor x = tokens;
    for (int i = boundary; i < config_.layers; ++i) {
        VisionBlock current = block(i);
        const bool class_token_only = i + 1 == config_.layers;
        if (checkpointing) {
            x = checkpointed_forward(current, x, class_token_only);
        } else {
            x = class_token_only ? current->forward_class_token(x) : current->forward(x);
        }
    }
    return torch::linear(post_layernorm_(x.select(1, 0)), visual_projection_);
}

torch::Tensor VisionTowerImpl::forward(const torch::Tensor& pixels) {
    return forward_from(forward_to(pixels, 0), 0);
}

std::map<std::string, torch::Tensor> VisionTowerImpl::tensors_from(int boundary) const {
    std::map<std::string, torch::Tensor> tensors;
    if (boundary >= config_.layers) return tensors;
    const std::string blocks = "vision_model.encoder.layers.";
    for (const auto& item : named_parameters()) {
        const std::string& name = item.key();
        const bool late_block = name.starts_with(blocks) && std::stoi(name.substr(blocks.size())) >= boundary;
        const bool end =
            name.starts_with("vision_model.post_layernorm.") || name.starts_with("visual_projection.");
        if (late_block || end) tensors.emplace(name, item.value());
    }
    return tensors;
}

void VisionTowerImpl::freeze_before(int boundary) {
    for (const torch::Tensor& parameter : parameters()) parameter.set_requires_grad(false);
    for (const auto& [name, tensor] : tensors_from(boundary)) tensor.set_requires_grad(true);
}

void VisionTowerImpl::quantize() {
    for (int i = 0; i < config_.layers; ++i) block(i)->quantize();
}

}  // namespace clipsim
