#include "optimization/loss_scaler.h"

#include <algorithm>

namespace clipsim {

namespace {

constexpr double growth = 2, backoff = 0.5;
constexpr std::int64_t growth_interval = 2000;

}  // namespace

bool LossScaler::unscale(std::span<const torch::Tensor> parameters) {
    if (!enabled_) return true;
    const torch::NoGradGuard no_grad;
    bool finite = true;
    for (const torch::Tensor& parameter : parameters) {
        if (!parameter.grad().defined()) continue;
        parameter.grad().div_(state_.scale);
        finite = finite && parameter.grad().isfinite().all().item<bool>();
    }
    if (!finite) {
        exhausted_ = state_.scale <= 1;
        state_ = {std::max(1.0, state_.scale * backoff), 0};
    } else if (++state_.steps == growth_interval) {
        state_ = {state_.scale * growth, 0};
    }
    return finite;
}

}  // namespace clipsim
