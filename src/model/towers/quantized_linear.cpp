#include "towers/quantized_linear.h"

#include <ATen/core/dispatch/Dispatcher.h>

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

c10::IValue call(const char* name, std::vector<c10::IValue> stack) {
    const std::optional<c10::OperatorHandle> op = c10::Dispatcher::singleton().findSchema({name, ""});
    if (!op) throw UsageError("model.precision: this LibTorch has no int8 kernels; use fp32");
    op->callBoxed(&stack);
    return stack.at(0);
}

}  // namespace

QuantizedLinear::QuantizedLinear(const torch::Tensor& weight, const torch::Tensor& bias) {
    const torch::Tensor rows = weight.detach().to(torch::kFloat32).contiguous();
    // Symmetric, 8 bits a weight, one scale an output channel.
    const torch::Tensor largest = std::get<0>(rows.abs().max(1)).clamp_min(1e-12);
    const torch::Tensor scales = (largest / 127.0).to(torch::kFloat64);
    const torch::Tensor zero_points = torch::zeros({rows.size(0)}, torch::kInt64);
    try {
        const torch::Tensor quantized = at::quantize_per_channel(rows, scales, zero_points, 0, torch::kQInt8);
        const c10::IValue bias_value =
            bias.defined() ? c10::IValue(bias.detach().to(torch::kFloat32)) : c10::IValue();
        packed_ = call("quantized::linear_prepack", {quantized, bias_value});
    } catch (const c10::Error&) {
        throw UsageError("model.precision: this machine has no int8 kernels; use fp32");
    }
}

torch::Tensor QuantizedLinear::forward(const torch::Tensor& input) const {
    // reduce_range keeps 7 bits of the activations: AVX2's 8-bit multiply-add saturates at 16 bits.
    return call("quantized::linear_dynamic", {input.contiguous(), packed_, true}).toTensor();
}

}  // namespace clipsim
