// Loss scaling for fp16 (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740): gradients are made
// large before they pass through fp16 and small again afterwards; as torch.amp.GradScaler, with its numbers.
#pragma once

#include <torch/torch.h>

#include <span>

namespace clipsim {

class LossScaler {
  public:
    struct State {
        double scale = 65536;
        std::int64_t steps = 0;  // without an overflow since the scale last changed
    };

    // Not enabled: the scale is 1 and stays so.
    explicit LossScaler(bool enabled) : enabled_(enabled) {}

    double scale() const { return enabled_ ? state_.scale : 1; }
    // Divides the gradients by the scale and adapts it. False: some are not finite, the step is to be left
    // out. Where the scale can't be lowered any further, that is no overflow: is_exhausted() says so.
    bool unscale(std::span<const torch::Tensor> parameters);

    bool is_exhausted() const { return exhausted_; }

    const State& state() const { return state_; }
    void restore(const State& state) { state_ = state; }

  private:
    bool enabled_, exhausted_ = false;
    State state_;
};

}  // namespace clipsim
