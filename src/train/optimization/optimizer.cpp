#include "optimization/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clipsim {

namespace {

using torch::optim::AdamWOptions;
using torch::optim::AdamWParamState;

// The moments that `adam` keeps of a parameter, 0 before the first step.
AdamWParamState& moments_of(torch::optim::AdamW& adam, const torch::Tensor& parameter) {
    auto& state = adam.state()[parameter.unsafeGetTensorImpl()];
    if (!state) {
        auto moments = std::make_unique<AdamWParamState>();
        moments->exp_avg(torch::zeros_like(parameter));
        moments->exp_avg_sq(torch::zeros_like(parameter));
        state = std::move(moments);
    }
    return static_cast<AdamWParamState&>(*state);
}

// adam.step() for one group, in one pass over each parameter instead of a dozen. The gradients are divided by
// `divisor` on the way.
void fused_step(torch::optim::AdamW& adam, torch::optim::OptimizerParamGroup& group,
                const std::optional<torch::Tensor>& divisor) {
    std::vector<torch::Tensor> parameters, gradients, averages, squares, steps;
    for (const torch::Tensor& parameter : group.params()) {
        if (!parameter.grad().defined()) continue;
        AdamWParamState& moments = moments_of(adam, parameter);
        moments.step(moments.step() + 1);
        parameters.push_back(parameter);
        gradients.push_back(parameter.grad());
        averages.push_back(moments.exp_avg());
        squares.push_back(moments.exp_avg_sq());
        steps.push_back(torch::full({}, moments.step(), parameter.options().dtype(torch::kFloat32)));
    }
    if (parameters.empty()) return;
    const auto& options = static_cast<const AdamWOptions&>(group.options());
    const auto [beta1, beta2] = options.betas();
    at::_fused_adamw_(parameters, gradients, averages, squares, {}, steps, options.lr(), beta1, beta2,
                      options.weight_decay(), options.eps(), options.amsgrad(), false, divisor);
}

}  // namespace

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

bool Optimizer::step(std::int64_t step) {
    const double share = learning_rate_share(config_.schedule, config_.warmup, step, total_steps_);
    for (std::size_t i = 0; i < peak_rates_.size(); ++i) {
        adam_->param_groups()[i].options().set_lr(peak_rates_[i] * share);
    }
    const torch::NoGradGuard no_grad;
    const torch::Tensor norm = gradient_norm();
    if (!std::isfinite(norm.item<double>())) return false;
    // What the gradients are divided by, a scalar, so that the norm of all together is at most clip_norm.
    std::optional<torch::Tensor> divisor;
    if (config_.clip_norm > 0) divisor = ((norm + 1e-6) / config_.clip_norm).clamp_min(1);
    for (torch::optim::OptimizerParamGroup& group : adam_->param_groups()) fused_step(*adam_, group, divisor);
    return true;
}

torch::Tensor Optimizer::gradient_norm() const {
    std::vector<torch::Tensor> gradients;
    for (const torch::Tensor& parameter : parameters_) {
        if (parameter.grad().defined()) gradients.push_back(parameter.grad());
    }
    return gradients.empty() ? torch::zeros({}) : torch::stack(at::_foreach_norm(gradients)).norm();
}

void Optimizer::zero_grad() {
    adam_->zero_grad();
}

}  // namespace clipsim
