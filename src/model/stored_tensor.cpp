#include "stored_tensor.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::array<std::pair<Dtype, torch::Dtype>, 10> dtypes{{{Dtype::f64, torch::kFloat64},
                                                                 {Dtype::f32, torch::kFloat32},
                                                                 {Dtype::f16, torch::kFloat16},
                                                                 {Dtype::bf16, torch::kBFloat16},
                                                                 {Dtype::i64, torch::kInt64},
                                                                 {Dtype::i32, torch::kInt32},
                                                                 {Dtype::i16, torch::kInt16},
                                                                 {Dtype::i8, torch::kInt8},
                                                                 {Dtype::u8, torch::kUInt8},
                                                                 {Dtype::boolean, torch::kBool}}};

}  // namespace

torch::Dtype torch_dtype(Dtype dtype) {
    return std::ranges::find(dtypes, dtype, [](const auto& pair) { return pair.first; })->second;
}

Dtype stored_dtype(torch::Dtype dtype) {
    const auto* found = std::ranges::find(dtypes, dtype, [](const auto& pair) { return pair.second; });
    if (found == dtypes.end()) throw Error("a tensor of a type that safetensors has no name for");
    return found->first;
}

torch::Tensor to_tensor(const StoredTensor& stored) {
    const auto options = torch::TensorOptions().dtype(torch_dtype(stored.dtype));
    if (stored.elements() == 0) return torch::empty(stored.shape, options);
    const std::size_t size = size_of(stored.dtype);
    if (reinterpret_cast<std::uintptr_t>(stored.bytes.data()) % size != 0) {
        torch::Tensor copy = torch::empty({static_cast<std::int64_t>(stored.bytes.size() / size)}, options);
        std::ranges::copy(stored.bytes, static_cast<std::byte*>(copy.data_ptr()));
        return copy.as_strided(stored.shape, stored.strides);
    }
    return torch::from_blob(
        stored.bytes.data(), stored.shape, stored.strides, [keep = stored.keep](void*) {}, options);
}

void require_finite(const torch::Tensor& values, const std::filesystem::path& file, const std::string& name) {
    if (!values.is_floating_point()) return;
    // One value that is not finite makes the sum so: the cheapest pass over all of them.
    if (std::isfinite(values.sum(torch::kFloat32).item<float>())) return;
    const auto others = values.numel() - values.isfinite().sum().item<std::int64_t>();
    if (others == 0) return;  // large ones, whose sum is beyond what a float holds
    throw UsageError(concat(printable(file), ": the tensor ", printable(name), " holds ", others,
                            " infinite or NaN ", others == 1 ? "value" : "values",
                            ": the file is damaged, or was saved after a training that "
                            "failed or in a type too small for it; get it anew"));
}

}  // namespace clipsim
