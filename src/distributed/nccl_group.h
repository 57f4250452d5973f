// The NCCL of a CUDA build of LibTorch. nccl_group.cpp where CMake finds its headers, nccl_absent.cpp
// elsewhere.
#pragma once

#include <torch/torch.h>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <chrono>
#include <string>

namespace clipsim {

// What tells this GPU from all others of a group's machines; empty where NCCL is not built in, or was for
// another release of it than LibTorch now has.
std::string nccl_name(const torch::Device& gpu);

class NcclGroup {
  public:
    // Connects this rank's GPU with those of the others, no two of which may be the same. Throws what
    // LibTorch throws, also when `timeout` is over; so do the collectives.
    NcclGroup(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
              std::chrono::milliseconds timeout, const torch::Device& gpu);
    ~NcclGroup();
    NcclGroup(const NcclGroup&) = delete;
    NcclGroup& operator=(const NcclGroup&) = delete;

    // A collective's wait() returns when it is done, not only begun.
    c10d::Backend& backend() { return *backend_; }

  private:
    c10::intrusive_ptr<c10d::Backend> backend_;
};

}  // namespace clipsim
