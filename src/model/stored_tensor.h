// Tensors of a model's file as LibTorch's.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <string>

#include "clipsim/weights/weights_file.h"

namespace clipsim {

torch::Dtype torch_dtype(Dtype dtype);
Dtype stored_dtype(torch::Dtype dtype);  // throws Error for one that no file of ours holds

// A view onto the mapped file in the file's dtype, read-only by contract; it keeps the mapping alive.
torch::Tensor to_tensor(const StoredTensor& stored);

// Throws UsageError naming the file and the tensor where a value is infinity or NaN.
void require_finite(const torch::Tensor& values, const std::filesystem::path& file, const std::string& name);

}  // namespace clipsim
