#include "optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clipsim {

double learning_rate_share(Schedule schedule, double warmup, std::int64_t step, std::int64_t total_steps) {
    const auto warm_up = static_cast<std::int64_t>(warmup * static_cast<double>(total_steps) + 1e-9);
    const std::int64_t rising = std::max<std::int64_t>(1, warm_up);
    if (step < rising) return static_cast<double>(step + 1) / static_cast<double>(rising);
    const double done =
        std::min(1.0, static_cast<double>(step - rising) /
                          static_cast<double>(std::max<std::int64_t>(1, total_steps - rising)));
    switch (schedule) {
        case Schedule::cosine:
            return 0.5 * (1 + std::cos(std::numbers::pi * done));
        case Schedule::linear:
            return 1 - done;
        case Schedule::constant:
            break;
    }
    return 1;
}

Optimizer::Optimizer(const std::vector<ParameterGroup>& groups, const TrainConfig& config,
                     std::int64_t total_steps)
    : config_(config), total_steps_(total_steps) {
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
            options->weight_decay(part == &decayed ? config.weight_decay : 0.0);
            adam_groups.emplace_back(*part, std::move(options));
            peak_rates_.push_back(group.learning_rate);
        }
    }
    adam_ = std::make_unique<torch::optim::AdamW>(std::move(adam_groups), torch::optim::AdamWOptions());
}

void Optimizer::step(std::int64_t step) {
    const double share = learning_rate_share(config_.schedule, config_.warmup, step, total_steps_);
    for (std::size_t i = 0; i < peak_rates_.size(); ++i) {
        adam_->param_groups()[i].options().set_lr(peak_rates_[i] * share);
    }
    if (config_.clip_norm > 0) torch::nn::utils::clip_grad_norm_(parameters_, config_.clip_norm);
    adam_->step();
}

void Optimizer::zero_grad() {
    adam_->zero_grad();
}

}  // namespace clipsim
