// Whether the GPUs of a group can exchange over NCCL.
#pragma once

#include <string>
#include <vector>

namespace clipsim {

// What a rank gives for its GPU when it works on the CPU.
inline constexpr const char* no_gpu = "no GPU";

// `gpus`: nccl_name of each rank's GPU, or no_gpu. Why not NCCL, for the user; empty: NCCL.
std::string why_not_nccl(const std::vector<std::string>& gpus);

}  // namespace clipsim
