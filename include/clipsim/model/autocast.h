// 16-bit arithmetic for the matrix products of a scope, weights and optimizer staying in fp32.
#pragma once

#include <torch/torch.h>

#include <optional>

#include "clipsim/model/model_config.h"

namespace clipsim {

// Whether bf16 is worth it: on GPUs from compute capability 8 on, and on CPUs with AVX512-BF16 (a quarter
// less time per step, measured on small towers). Other CPUs emulate it, several times slower than fp32.
bool is_bf16_fast(const torch::Device& device);
// The same of fp16: on GPUs from compute capability 7 on, and on no CPU.
bool is_fp16_fast(const torch::Device& device);

// The format to train in on `device`; nothing: fp32. What the device would only emulate is refused with a
// warning, for it would make training several times slower.
std::optional<at::ScalarType> amp_type(Amp wanted, const torch::Device& device);

// Mixed precision (Micikevicius et al. 2018, https://arxiv.org/abs/1710.03740) in this thread while it lives.
class AutocastScope {
  public:
    // Without a type the scope computes in fp32.
    AutocastScope(torch::DeviceType device, std::optional<at::ScalarType> type);
    ~AutocastScope();
    AutocastScope(const AutocastScope&) = delete;
    AutocastScope& operator=(const AutocastScope&) = delete;

  private:
    torch::DeviceType device_;
    bool was_enabled_;
    at::ScalarType old_type_;
};

}  // namespace clipsim
