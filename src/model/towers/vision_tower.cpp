#include "clipsim/model/vision_tower.h"

#include <algorithm>
#include <array>
#include <span>

#include "towers/efficientnet.h"
#include "towers/vision_transformer.h"

namespace clipsim {

namespace {

bool starts_with_any(const std::string& name, std::span<const char* const> prefixes) {
    return std::ranges::any_of(prefixes, [&](const char* prefix) { return name.starts_with(prefix); });
}

std::shared_ptr<VisionTowerImpl> make_tower(const VisionTransformerConfig& config) {
    return std::make_shared<VisionTransformer>(config);
}
std::shared_ptr<VisionTowerImpl> make_tower(const EfficientNetConfig& config) {
    return std::make_shared<EfficientNet>(config);
}

constexpr std::array<const char*, 3> after_the_blocks{"vision_model.post_layernorm.", "vision_model.head.",
                                                      "visual_projection."};

}  // namespace

torch::Tensor VisionTowerImpl::forward(const torch::Tensor& pixels) {
    return forward_from(forward_to(pixels, 0), 0);
}

torch::Tensor VisionTowerImpl::forward_from(const torch::Tensor& tokens, int boundary, bool checkpointing) {
    return run_from(tokens, boundary, checkpointing);
}

std::optional<int> VisionTowerImpl::block_of(const std::string& name) {
    for (const std::string blocks : {"vision_model.encoder.layers.", "vision_model.blocks."}) {
        if (name.starts_with(blocks)) return std::stoi(name.substr(blocks.size()));
    }
    return std::nullopt;
}

std::map<std::string, torch::Tensor> VisionTowerImpl::tensors_from(int boundary) const {
    std::map<std::string, torch::Tensor> tensors;
    if (boundary >= layers_) return tensors;
    for (const auto& item : named_parameters()) {
        const std::string& name = item.key();
        if (block_of(name).value_or(-1) >= boundary || starts_with_any(name, after_the_blocks))
            tensors.emplace(name, item.value());
    }
    return tensors;
}

void VisionTowerImpl::freeze_before(int boundary) {
    for (const torch::Tensor& parameter : parameters()) parameter.set_requires_grad(false);
    for (const auto& [name, tensor] : tensors_from(boundary)) tensor.set_requires_grad(true);
}

VisionTower make_vision_tower(const VisionConfig& config) {
    return VisionTower(std::visit([](const auto& network) { return make_tower(network); }, config.network));
}

}  // namespace clipsim
