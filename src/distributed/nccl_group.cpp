#include "nccl_group.h"

#define USE_C10D_NCCL  // NOLINT: what LibTorch was built with; its headers hide the class without it
#include <torch/csrc/cuda/nccl.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

#include <cstdlib>
#include <fstream>
#include <future>
#include <stdexcept>
#include <thread>

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// The first collective connects the GPUs. NCCL waits for them without end, so another thread does.
void connect(const c10::intrusive_ptr<c10d::ProcessGroupNCCL>& group, const torch::Device& gpu,
             std::chrono::milliseconds timeout) {
    std::packaged_task<void()> task([group, gpu] {
        std::vector<torch::Tensor> tensors{torch::ones({1}, torch::device(gpu))};
        group->allreduce(tensors)->wait();
    });
    std::future<void> connected = task.get_future();
    std::thread(std::move(task)).detach();
    if (connected.wait_for(timeout) != std::future_status::ready)
        throw std::runtime_error("NCCL could not connect the GPUs in time");
    connected.get();
}

}  // namespace

// NCCL's structures, parts of LibTorch's, change with its minor releases.
std::string nccl_name(const torch::Device& gpu) {
    constexpr std::uint64_t built_for = (std::uint64_t{NCCL_MAJOR} << 32) | (std::uint64_t{NCCL_MINOR} << 16);
    if (torch::cuda::nccl::version() >> 16 != built_for >> 16) return {};
    // By machine and place on its bus, as NCCL itself tells them apart.
    std::string machine;
    std::getline(std::ifstream("/proc/sys/kernel/random/boot_id"), machine);
    const cudaDeviceProp& place = *at::cuda::getDeviceProperties(gpu.index());
    return concat(machine, ' ', place.pciDomainID, ':', place.pciBusID, ':', place.pciDeviceID);
}

NcclGroup::NcclGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                     std::chrono::milliseconds timeout, const torch::Device& gpu) {
    // wait() is to throw the errors. By default a thread of LibTorch's own ends the process for one.
    ::setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);  // NOLINT(concurrency-mt-unsafe)
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    auto group = c10::make_intrusive<c10d::ProcessGroupNCCL>(
        c10::make_intrusive<c10d::PrefixStore>("nccl", store), rank, size, std::move(options));
    connect(group, gpu, timeout);
    backend_ = std::move(group);
}

// Not shutdown(), which waits for the others: one of them may be lost. Nobody is still within a collective of
// NCCL: each step of a training ends with a vote over Gloo.
NcclGroup::~NcclGroup() {
    try {
        static_cast<c10d::ProcessGroupNCCL&>(*backend_).abort();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it goes away all the same
    }
}

}  // namespace clipsim
