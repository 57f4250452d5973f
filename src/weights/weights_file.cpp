#include "clipsim/weights/weights_file.h"

#include <algorithm>
#include <bit>

#include "clipsim/core/error.h"
#include "clipsim/core/files/lfs_pointer.h"
#include "clipsim/core/files/mapped_file.h"
#include "clipsim/core/text.h"
#include "formats.h"

namespace clipsim {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

namespace {

FileBytes map_file(const std::filesystem::path& file) {
    const auto mapped = std::make_shared<MappedFile>(file, MappedFile::Kind::private_copy);
    return {printable(file), mapped->writable_bytes(), mapped};
}

}  // namespace

std::size_t size_of(Dtype dtype) {
    return dtype_names[static_cast<std::size_t>(dtype)].bytes;
}

const char* name_of(Dtype dtype) {
    return dtype_names[static_cast<std::size_t>(dtype)].safetensors;
}

std::string shape_text(std::span<const std::int64_t> shape) {
    std::string text = "[";
    for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
    return text + "]";
}

std::int64_t StoredTensor::elements() const {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return count;
}

const StoredTensor& WeightsFile::tensor(const std::string& name) const {
    const auto found = tensors.find(name);
    if (found == tensors.end())
        throw UsageError(concat(printable(path), ": the tensor ", name, " is missing"));
    return found->second;
}

WeightsFile read_weights(const std::filesystem::path& file) {
    if (file.filename().string().ends_with(".index.json")) return read_sharded_weights(file);
    const FileBytes bytes = map_file(file);
    refuse_lfs_pointer(file, bytes.text());
    WeightsFile result;
    if (bytes.text().starts_with("PK\x03\x04")) {
        result = read_torch_archive(bytes);
    } else if (bytes.text().starts_with("\x80\x02")) {
        throw UsageError(concat(bytes.name,
                                ": a file of PyTorch before 1.6, which is a bare pickle; load it there and ",
                                "save it anew as safetensors or with today's torch.save"));
    } else if (file.extension() != ".safetensors" &&
               !bytes.text().substr(std::min<std::size_t>(8, bytes.bytes.size())).starts_with('{')) {
        throw UsageError(concat(bytes.name, ": neither an archive of PyTorch nor a safetensors file; it is ",
                                bytes.bytes.empty() ? "empty" : "truncated, damaged or something else"));
    } else {
        result = read_safetensors(bytes);
    }
    result.path = file;
    result.files = {file};
    return result;
}

}  // namespace clipsim
