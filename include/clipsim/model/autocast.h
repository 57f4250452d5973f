// bf16 arithmetic for the matrix products of a scope, weights and optimizer staying in fp32.
#pragma once

#include <torch/torch.h>

namespace clipsim {

// Whether bf16 is worth it: on GPUs from compute capability 8 on, and on CPUs with AVX512-BF16 (a quarter
// less time a step, measured on small towers). Other CPUs emulate it, several times slower than fp32.
bool is_bf16_fast(const torch::Device& device);

// Mixed precision (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740) in this thread while it lives.
class AutocastScope {
  public:
    AutocastScope(torch::DeviceType device, bool enabled);
    ~AutocastScope();
    AutocastScope(const AutocastScope&) = delete;
    AutocastScope& operator=(const AutocastScope&) = delete;

  private:
    torch::DeviceType device_;
    bool was_enabled_;
    at::ScalarType old_type_;
};

}  // namespace clipsim
