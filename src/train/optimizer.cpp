#include "optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clipsim {

namespace {

constexpr double weight_decay = 0.01;
constexpr double largest_gradient_norm = 1.0;

}  // namespace

double schedule(std::int64_t step, std::int64_t total_steps) {
    const std::int64_t warm_up = std::max<std::int64_t>(1, total_steps / 10);
    if (step < warm_up) return static_cast<double>(step + 1) / static_cast<double>(warm_up);
    const double done = static_cast<double>(step - warm_up) /
                        static_cast<double>(std::max<std::int64_t>(1, total_steps - warm_up));
    return 0.5 * (1 + std::cos(std::numbers::pi * std::min(1.0, done)));
}

Optimizer::Optimizer(const std::vector<ParameterGroup>& groups, std::int64_t total_steps)
    : total_steps_(total_steps) {
    std::vector<torch::optim::OptimizerParamGroup> adam_groups;
    for (const ParameterGroup& group : groups) {
        std::vector<torch::Tensor> decayed, plain;
        for (const auto& [name, parameter] : group.parameters) {
            (parameter.dim() > 1 ? decayed : plain).push_back(parameter);
            parameters_.push_back(parameter);
        }
        for (auto* part : {&decayed, &plain}) {
            if (part->empty()) continue;
            auto options = std::make_unique<torch::optim::AdamWOptions>(group.learning_rate);
            options->weight_decay(part == &decayed ? weight_decay : 0.0);
            adam_groups.emplace_back(*part, std::move(options));
            peak_rates_.push_back(group.learning_rate);
        }
    }
    adam_ = std::make_unique<torch::optim::AdamW>(std::move(adam_groups), torch::optim::AdamWOptions());
}

void Optimizer::step(std::int64_t step) {
    const double share = schedule(step, total_steps_);
    for (std::size_t i = 0; i < peak_rates_.size(); ++i) {
        adam_->param_groups()[i].options().set_lr(peak_rates_[i] * share);
    }
    torch::nn::utils::clip_grad_norm_(parameters_, largest_gradient_norm);
    adam_->step();
}

void Optimizer::zero_grad() {
    adam_->zero_grad();
}

}  // namespace clipsim
