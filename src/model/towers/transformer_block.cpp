#include "clipsim/model/transformer_block.h"

#include "towers/quantized_linear.h"

namespace clipsim {

torch::nn::LayerNorm make_layer_norm(const TransformerConfig& config) {
    return torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.hidden_size}).eps(config.layer_norm_eps));
}

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

TransformerBlockImpl::TransformerBlockImpl(const TransformerConfig& config)
    : heads_(config.heads), activation_(config.activation), mask_(config.mask) {
    const int width = config.hidden_size;
    auto attention = register_module("self_attn", std::make_shared<torch::nn::Module>());
    q_proj_ = attention->register_module("q_proj", EncoderLinear(width, width));
    k_proj_ = attention->register_module("k_proj", EncoderLinear(width, width));
    v_proj_ = attention->register_module("v_proj", EncoderLinear(width, width));
    out_proj_ = attention->register_module("out_proj", EncoderLinear(width, width));
    layer_norm1_ = register_module("layer_norm1", make_layer_norm(config));
    auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
    fc1_ = mlp->register_module("fc1", EncoderLinear(width, config.intermediate_size));
    fc2_ = mlp->register_module("fc2", EncoderLinear(config.intermediate_size, width));
    layer_norm2_ = register_module("layer_norm2", make_layer_norm(config));
    if (!config.layer_scale) return;
    layer_scale1_ = register_parameter("layer_scale1", torch::empty({width}));
    layer_scale2_ = register_parameter("layer_scale2", torch::empty({width}));
}

void TransformerBlockImpl::quantize() {
    for (EncoderLinear* linear : {&q_proj_, &k_proj_, &v_proj_, &out_proj_, &fc1_, &fc2_})
        (*linear)->quantize();
}

// queries_from: [N, Q, W], tokens: [N, T, W] -> [N, Q, W]
torch::Tensor TransformerBlockImpl::attend(const torch::Tensor& queries_from, const torch::Tensor& tokens) {
    const auto split_heads = [this](const torch::Tensor& x) {
        return x.view({x.size(0), x.size(1), heads_, x.size(2) / heads_}).transpose(1, 2);
    };
    const torch::Tensor mixed = at::scaled_dot_product_attention(
        split_heads(q_proj_(queries_from)), split_heads(k_proj_(tokens)), split_heads(v_proj_(tokens)),
        std::nullopt, 0.0, mask_ == AttentionMask::causal);
    return out_proj_(mixed.transpose(1, 2).reshape(queries_from.sizes()));
}

torch::Tensor TransformerBlockImpl::feed_forward(const torch::Tensor& tokens) {
    const torch::Tensor hidden = fc1_(tokens);
    if (activation_ == Activation::gelu) return fc2_(torch::gelu(hidden));
    return fc2_(hidden * torch::sigmoid(1.702 * hidden));
}

torch::Tensor TransformerBlockImpl::scaled(const torch::Tensor& added, const torch::Tensor& scale) {
    return scale.defined() ? added * scale : added;
}

torch::Tensor TransformerBlockImpl::forward(const torch::Tensor& tokens) {
    const torch::Tensor normed = layer_norm1_(tokens);
    const torch::Tensor attended = tokens + scaled(attend(normed, normed), layer_scale1_);
    return attended + scaled(feed_forward(layer_norm2_(attended)), layer_scale2_);
}

torch::Tensor TransformerBlockImpl::forward_first_token(const torch::Tensor& tokens) {
    const torch::Tensor normed = layer_norm1_(tokens);
    const torch::Tensor attended =
        tokens.narrow(1, 0, 1) + scaled(attend(normed.narrow(1, 0, 1), normed), layer_scale1_);
    return attended + scaled(feed_forward(layer_norm2_(attended)), layer_scale2_);
}

}  // namespace clipsim
