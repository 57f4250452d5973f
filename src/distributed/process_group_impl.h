// What is behind a ProcessGroup of more than one.
#pragma once

#define USE_C10D_GLOO  // NOLINT: what LibTorch was built with; its headers hide the class without it
#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <chrono>
#include <functional>
#include <stop_token>

#include "clipsim/distributed/process_group.h"
#include "nccl_group.h"

namespace clipsim {

struct ProcessGroup::Impl {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    std::unique_ptr<NcclGroup> nccl;  // null: GPUs exchange through host memory
    std::chrono::milliseconds timeout{};
    std::stop_token stop;
    int meetings = 0;  // the same in all ranks
    std::string name;  // "rank 1 of 4", for messages

    // [n] of each rank, on the device of `local`
    std::vector<torch::Tensor> all_gather(const torch::Tensor& local);
    void all_reduce_sum(torch::Tensor& tensor);
    // Turns an error of the group into LostProcessError.
    void run(const std::function<void()>& collective) const;

  private:
    struct Route {
        c10d::Backend& backend;
        torch::Device device;  // where the backend needs the tensor
    };
    // NCCL for tensors on GPUs where there is one, Gloo for all others.
    Route route_of(const torch::Tensor& tensor) const;
    void meet_before(const Route& route) const;
};

}  // namespace clipsim
