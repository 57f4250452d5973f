// The formats that weights come in: their readers, and what they call the types of elements. Each reader
// throws UsageError naming the file, and the tensor or entry.
#pragma once

#include "clipsim/weights/weights_file.h"
#include "file_bytes.h"

namespace clipsim {

// safetensors (https://github.com/huggingface/safetensors#format): a header in JSON, then the tensors' bytes.
// Everything about the header is checked: sizes, offsets, overlaps, dtypes.
WeightsFile read_safetensors(const FileBytes& file);

// What torch.save and torch.jit.save write: a zip archive in which `NAME/data.pkl` describes the tensors and
// `NAME/data/N` holds their bytes (https://pytorch.org/docs/stable/notes/serialization.html). Read without
// PyTorch's own loaders, which execute what is in such a file or trust it. Gives the tensors of a state dict,
// of one under the key "state_dict" of a training checkpoint (a "module." before all names is left out), or
// of a TorchScript module and its submodules ("visual.conv1.weight").
WeightsFile read_torch_archive(const FileBytes& file);

// Weights in several files, with a `*.index.json` that says which tensor is in which
// (https://huggingface.co/docs/transformers/big_models#sharded-checkpoints). A shard lies beside the index;
// names that lead elsewhere are refused.
WeightsFile read_sharded_weights(const std::filesystem::path& index);

struct DtypeNames {
    Dtype dtype;
    std::size_t bytes;
    const char *safetensors, *torch_storage;
};
// In the order of the enumerators.
inline constexpr DtypeNames dtype_names[] = {
    {Dtype::f64, 8, "F64", "torch DoubleStorage"}, {Dtype::f32, 4, "F32", "torch FloatStorage"},
    {Dtype::f16, 2, "F16", "torch HalfStorage"},   {Dtype::bf16, 2, "BF16", "torch BFloat16Storage"},
    {Dtype::i64, 8, "I64", "torch LongStorage"},   {Dtype::i32, 4, "I32", "torch IntStorage"},
    {Dtype::i16, 2, "I16", "torch ShortStorage"},  {Dtype::i8, 1, "I8", "torch CharStorage"},
    {Dtype::u8, 1, "U8", "torch ByteStorage"},     {Dtype::boolean, 1, "BOOL", "torch BoolStorage"}};

}  // namespace clipsim
