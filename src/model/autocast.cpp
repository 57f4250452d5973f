#include "clipsim/model/autocast.h"

#include <ATen/autocast_mode.h>
#include <ATen/detail/CUDAHooksInterface.h>

namespace clipsim {

bool is_bf16_fast(const torch::Device& device) {
#if defined(__x86_64__)
    if (device.is_cpu()) return __builtin_cpu_supports("avx512bf16") != 0;
#endif
    // The only question about the compute capability that needs no CUDA headers: it is true from 8.0 on.
    return device.is_cuda() && at::detail::getCUDAHooks().supportsBFloat16ConvolutionWithCuDNNv8();
}

AutocastScope::AutocastScope(torch::DeviceType device, bool enabled)
    : device_(device),
      was_enabled_(at::autocast::is_autocast_enabled(device)),
      old_type_(at::autocast::get_autocast_dtype(device)) {
    at::autocast::increment_nesting();
    at::autocast::set_autocast_enabled(device, enabled);
    if (enabled) at::autocast::set_autocast_dtype(device, torch::kBFloat16);
}

AutocastScope::~AutocastScope() {
    // The outermost scope drops the bf16 copies of the weights, which the next step would find out of date.
    if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, was_enabled_);
    at::autocast::set_autocast_dtype(device_, old_type_);
}

}  // namespace clipsim
