// Reading and writing safetensors files (https://github.com/huggingface/safetensors#format).
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace clipsim {

struct WeightsFile;

// The tensors of a file that read_weights takes, memory-mapped, as LibTorch's.
class SafetensorsFile {
  public:
    explicit SafetensorsFile(const std::filesystem::path& file);  // throws UsageError, as read_weights does

    const std::map<std::string, std::string>& metadata() const;
    std::vector<std::string> names() const;
    bool contains(const std::string& name) const;
    // A view onto the mapped file in the file's dtype, read-only by contract; it keeps the mapping alive.
    // Throws UsageError when there is no such tensor or its shape differs from `shape`.
    torch::Tensor tensor(const std::string& name) const;
    torch::Tensor tensor(const std::string& name, at::IntArrayRef shape) const;

  private:
    std::shared_ptr<const WeightsFile> file_;
};

// Atomic. Tensors are written in the order of their names.
void write_safetensors(const std::filesystem::path& file, const std::map<std::string, torch::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace clipsim
