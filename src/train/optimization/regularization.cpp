#include "optimization/regularization.h"

namespace clipsim {

Regularizer::Regularizer(const RegularizationConfig& config, torch::Tensor frozen)
    : config_(config), frozen_(std::move(frozen)) {}

bool Regularizer::interpolates() const {
    const bool asked = config_.method == RegularizationMethod::wise_ft ||
                       config_.method == RegularizationMethod::distill_wise_ft;
    return asked && config_.alpha < 1;
}

void Regularizer::remember(const std::vector<ParameterGroup>& groups) {
    if (config_.method != RegularizationMethod::l2 && !interpolates()) return;
    for (const ParameterGroup& group : groups) {
        for (const auto& [name, parameter] : group.parameters) {
            const auto [place, is_new] = weights_.try_emplace(name);
            place->second.live = parameter;
            if (is_new) place->second.start = parameter.detach().clone();
        }
    }
}

torch::Tensor Regularizer::penalty(const torch::Tensor& embeddings,
                                   std::span<const std::size_t> samples) const {
    if (config_.strength == 0) return {};
    if (config_.method == RegularizationMethod::distill ||
        config_.method == RegularizationMethod::distill_wise_ft) {
        const std::vector<std::int64_t> rows(samples.begin(), samples.end());
        const torch::Tensor frozen =
            frozen_.index_select(0, torch::tensor(rows, torch::kInt64).to(frozen_.device()));
        const torch::Tensor difference = embeddings.mm(embeddings.t()) - frozen.mm(frozen.t());
        const auto count = static_cast<double>(samples.size());
        // The diagonal is 1 in both. A batch of one photo has no relation to keep.
        return difference.pow(2).sum() * (config_.strength / std::max(1.0, count * (count - 1)));
    }
    if (config_.method == RegularizationMethod::l2) {
        torch::Tensor sum = torch::zeros({}, embeddings.options());
        for (const auto& [name, weight] : weights_) sum = sum + (weight.live - weight.start).pow(2).sum();
        return sum * (config_.strength / 2);
    }
    return {};
}

InterpolatedWeights::InterpolatedWeights(const Regularizer& regularizer) {
    if (!regularizer.interpolates()) return;
    const torch::NoGradGuard no_grad;
    for (const auto& [name, weight] : regularizer.weights_) {
        torch::Tensor live = weight.live;
        trained_.emplace_back(live, live.detach().clone());
        // Not lerp_(): at alpha 0 the start comes back to the bit.
        live.copy_(live * regularizer.config_.alpha + weight.start * (1 - regularizer.config_.alpha));
    }
}

InterpolatedWeights::~InterpolatedWeights() {
    const torch::NoGradGuard no_grad;
    for (auto& [live, trained] : trained_) live.copy_(trained);
}

}  // namespace clipsim
