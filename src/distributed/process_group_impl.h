// What is behind a ProcessGroup of more than one.
#pragma once

#define USE_C10D_GLOO  // NOLINT: what LibTorch was built with; its headers hide the class without it
#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <functional>

#include "clipsim/distributed/process_group.h"

namespace clipsim {

struct ProcessGroup::Impl {
    c10::intrusive_ptr<c10d::Store> store;
    c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
    std::string name;  // "rank 1 of 4", for messages

    // [n] of each rank
    std::vector<torch::Tensor> all_gather(const torch::Tensor& local);
    void all_reduce_sum(torch::Tensor& tensor);
    // Turns an error of the group into LostProcessError.
    void run(const std::function<void()>& collective) const;
};

}  // namespace clipsim
