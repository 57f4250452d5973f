// The tensors of a model's file, by name, as they lie on disk: safetensors, PyTorch's archives, or several
// files under one index. Nothing in a file is ever executed, and whatever it says about sizes is checked
// before it is believed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace clipsim {

enum class Dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u8, boolean };
std::size_t size_of(Dtype dtype);                             // bytes per element
const char* name_of(Dtype dtype);                             // as safetensors spells it: "F32", "BF16"
std::string shape_text(std::span<const std::int64_t> shape);  // "[3, 4]"

// A tensor within a mapped file. Element i, j lies at bytes[(i * strides[0] + j * strides[1]) *
// size_of(dtype)].
struct StoredTensor {
    Dtype dtype = Dtype::f32;
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> strides;  // in elements, none below 0
    std::span<std::byte> bytes;         // from its first element to its last; read-only by contract
    std::shared_ptr<const void> keep;   // what `bytes` belongs to

    std::int64_t elements() const;
};

struct WeightsFile {
    std::filesystem::path path;  // what errors name
    std::vector<std::filesystem::path>
        files;  // all that the tensors lie in, and the index where there is one
    std::map<std::string, StoredTensor> tensors;  // none reaches beyond its file
    std::map<std::string, std::string> metadata;  // of safetensors
    bool is_torchscript = false;                  // an archive of torch.jit.save

    bool contains(const std::string& name) const { return tensors.contains(name); }
    // Throws UsageError when it is missing.
    const StoredTensor& tensor(const std::string& name) const;
};

// What kind of file it is, the file itself says: safetensors, a zip archive of torch.save or torch.jit.save,
// or, by its name, an index of several such (`*.index.json`). Throws UsageError naming file and tensor for
// what is damaged, truncated, hostile or of another kind.
WeightsFile read_weights(const std::filesystem::path& file);

}  // namespace clipsim
