// Dynamic int8 quantization of a linear layer on the CPU: weights quantized per output channel once,
// activations per call. The kernels are LibTorch's own (FBGEMM on x86), the ones that
// torch.ao.quantization.quantize_dynamic uses.
#pragma once

#include <torch/torch.h>

#include <optional>

namespace clipsim {

class QuantizedLinear {
  public:
    // weight: [out, in] float, bias: [out] float or undefined. Throws UsageError where this LibTorch has no
    // such kernels.
    QuantizedLinear(const torch::Tensor& weight, const torch::Tensor& bias);

    // [..., in] float -> [..., out] float. Thread-safe.
    torch::Tensor forward(const torch::Tensor& input) const;

  private:
    c10::IValue packed_;
};

}  // namespace clipsim
