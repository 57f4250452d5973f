#include "gpu_exchange.h"

#include <algorithm>
#include <set>

#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/tensors.h"
#include "process_group_impl.h"

namespace clipsim {

std::string why_not_nccl(const std::vector<std::string>& gpus) {
    if (std::ranges::count(gpus, no_gpu) > 0) return "not every process works on a GPU";
    if (std::ranges::count(gpus, std::string()) > 0)
        return "a process was built without NCCL, or for another release of it";
    if (std::set(gpus.begin(), gpus.end()).size() < gpus.size()) return "some processes share a GPU";
    return {};
}

// All ranks come to the same answer, or some would wait for the others in another backend.
void use_device(ProcessGroup& group, const torch::Device& device) {
    ProcessGroup::Impl* impl = group.impl();
    if (impl == nullptr || impl->nccl) return;
    const std::vector<std::string> gpus = group.gather(device.is_cuda() ? nccl_name(device) : no_gpu);
    const bool none = std::ranges::count(gpus, no_gpu) == static_cast<std::ptrdiff_t>(gpus.size());
    if (none) return;
    const std::string refusal = why_not_nccl(gpus);
    if (refusal.empty()) {
        impl->run([&] {
            impl->nccl =
                std::make_unique<NcclGroup>(impl->store, group.rank(), group.size(), impl->timeout, device);
        });
    }
    if (!group.is_first()) return;
    log_info(refusal.empty() ? std::string("the GPUs exchange over NCCL")
                             : concat("the GPUs exchange through host memory: ", refusal));
}

}  // namespace clipsim
