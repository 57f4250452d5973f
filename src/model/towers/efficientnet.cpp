#include "towers/efficientnet.h"

#include "clipsim/core/error.h"
#include "towers/block_checkpointing.h"

namespace clipsim {

namespace {

// On the CPU. The first maps are large: of 8 images with 160 pixels, 20 MB, which stays below what the C
// library maps and unmaps each time.
constexpr std::int64_t few_images = 8;

torch::Tensor to_tokens(const torch::Tensor& map) {
    return map.permute({0, 2, 3, 1}).flatten(1, 2);  // no copy: maps have their channels last in memory
}

torch::Tensor to_map(const torch::Tensor& tokens, std::int64_t side) {
    return tokens.reshape({tokens.size(0), side, side, tokens.size(2)}).permute({0, 3, 1, 2});
}

}  // namespace

EfficientNet::EfficientNet(const EfficientNetConfig& config)
    : VisionTowerImpl(static_cast<int>(config.blocks.size()), config.projection_dim), config_(config) {
    auto model = register_module("vision_model", std::make_shared<torch::nn::Module>());
    stem_ = model->register_module("stem", SameConvolution(3, config.stem_channels, 3, 2));
    blocks_ = model->register_module("blocks", torch::nn::ModuleList());
    for (const InvertedResidualConfig& block : config.blocks)
        blocks_->push_back(std::make_shared<InvertedResidual>(block));
    head_ = model->register_module(
        "head", SameConvolution(config.blocks.back().out_channels, config.head_channels, 1));
    auto projection = register_module("visual_projection", std::make_shared<torch::nn::Module>());
    projection_ =
        projection->register_parameter("weight", torch::empty({config.projection_dim, config.head_channels}));
    if (config.projection_bias)
        projection_bias_ = projection->register_parameter("bias", torch::empty({config.projection_dim}));
}

InvertedResidual& EfficientNet::block(int index) const {
    return *blocks_->ptr<InvertedResidual>(static_cast<std::size_t>(index));
}

std::int64_t EfficientNet::side_at(int boundary) const {
    std::int64_t side = (config_.image_size + 1) / 2;
    for (int i = 0; i < boundary; ++i) {
        const int stride = config_.blocks[static_cast<std::size_t>(i)].stride;
        side = (side + stride - 1) / stride;
    }
    return side;
}

TokenShape EfficientNet::shape_at(int boundary) const {
    if (boundary >= layers()) return {1, config_.head_channels};
    const std::int64_t side = side_at(boundary);
    return {side * side, config_.blocks[static_cast<std::size_t>(boundary)].in_channels};
}

torch::Tensor EfficientNet::pooled(const torch::Tensor& map) {
    return clip_to_six(head_(map)).mean({2, 3});
}

torch::Tensor EfficientNet::forward_to(const torch::Tensor& pixels, int boundary) {
    if (!pixels.is_cpu() || pixels.size(0) <= few_images) return tokens_at(pixels, boundary);
    std::vector<torch::Tensor> parts;
    for (const torch::Tensor& part : pixels.split(few_images)) parts.push_back(tokens_at(part, boundary));
    return torch::cat(parts);
}

torch::Tensor EfficientNet::tokens_at(const torch::Tensor& pixels, int boundary) {
    const torch::Tensor input = pixels.to(projection_.dtype()).contiguous(torch::MemoryFormat::ChannelsLast);
    torch::Tensor map = clip_to_six(stem_(input));
    for (int i = 0; i < boundary; ++i) map = block(i).run(map, false);
    return boundary < layers() ? to_tokens(map) : pooled(map).unsqueeze(1);
}

torch::Tensor EfficientNet::run_from(const torch::Tensor& tokens, int boundary, bool checkpointing) {
    if (boundary >= layers()) return torch::linear(tokens.squeeze(1), projection_, projection_bias_);
    torch::Tensor map = to_map(tokens, side_at(boundary));
    for (int i = boundary; i < layers(); ++i)
        map = checkpointing ? checkpointed_run(block(i), map, false) : block(i).run(map, false);
    return torch::linear(pooled(map), projection_, projection_bias_);
}

void EfficientNet::quantize() {
    throw UsageError("model.precision int8 is for transformers; with EfficientNet-Lite use fp32 or bf16");
}

}  // namespace clipsim
