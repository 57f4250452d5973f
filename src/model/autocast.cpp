#include "clipsim/model/autocast.h"

#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "clipsim/core/instructions.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"

namespace clipsim {

bool is_bf16_fast(const torch::Device& device) {
#if defined(__x86_64__)
    if (device.is_cpu())
        return allowed_instructions() == Instructions::all && __builtin_cpu_supports("avx512bf16") != 0;
#endif
    // The only question about the compute capability that needs no CUDA headers: it is true from 8.0 on.
    return device.is_cuda() && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

bool is_fp16_fast(const torch::Device& device) {
    // As above, for 7.0.
    return device.is_cuda() && at::detail::getCUDAHooks().supportsDepthwiseConvolutionWithCuDNN();
}

std::optional<at::ScalarType> amp_type(Amp wanted, const torch::Device& device) {
    const bool bf16 = is_bf16_fast(device), fp16 = is_fp16_fast(device);
    switch (wanted) {
        case Amp::off:
            return std::nullopt;
        case Amp::automatic:
            if (bf16) return torch::kBFloat16;
            if (fp16) return torch::kHalf;
            return std::nullopt;
        case Amp::bf16:
            if (bf16) return torch::kBFloat16;
            break;
        case Amp::fp16:
            if (fp16) return torch::kHalf;
            break;
    }
    log_warning(concat("train.amp: ", device.str(), " has no fast ", wanted == Amp::bf16 ? "bf16" : "fp16",
                       " arithmetic and would be several times slower with it: training in fp32"));
    return std::nullopt;
}

AutocastScope::AutocastScope(torch::DeviceType device, std::optional<at::ScalarType> type)
    : device_(device),
      was_enabled_(at::autocast::is_autocast_enabled(device)),
      old_type_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::increment_nesting();
    at::autocast::set_autocast_enabled(device, type.has_value());
    if (type) at::autocast::set_autocast_dtype(device, *type);
}

AutocastScope::~AutocastScope() {
    // The outermost scope drops the 16-bit copies of the weights, which the next step would find out of date.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
    at::autocast::set_autocast_dtype(device_, old_type_);
}

}  // namespace clipsim
