#include "clipsim/model/safetensors.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"
#include "clipsim/weights/weights_file.h"
#include "stored_tensor.h"

namespace clipsim {

SafetensorsFile::SafetensorsFile(const std::filesystem::path& file)
    : file_(std::make_shared<const WeightsFile>(read_weights(file))) {}

const std::map<std::string, std::string>& SafetensorsFile::metadata() const {
    return file_->metadata;
}

std::vector<std::string> SafetensorsFile::names() const {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : file_->tensors) names.push_back(name);
    return names;
}

bool SafetensorsFile::contains(const std::string& name) const {
    return file_->contains(name);
}

torch::Tensor SafetensorsFile::tensor(const std::string& name) const {
    return to_tensor(file_->tensor(name));
}

torch::Tensor SafetensorsFile::tensor(const std::string& name, at::IntArrayRef shape) const {
    torch::Tensor result = tensor(name);
    if (result.sizes() != shape) {
        throw UsageError(concat(printable(file_->path), ": tensor ", name, " has the shape ",
                                shape_text(std::span(result.sizes().data(), result.sizes().size())),
                                ", expected ", shape_text(std::span(shape.data(), shape.size()))));
    }
    return result;
}

void write_safetensors(const std::filesystem::path& file, const std::map<std::string, torch::Tensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
    nlohmann::ordered_json header;
    if (!metadata.empty()) header["__metadata__"] = metadata;
    std::uint64_t offset = 0;
    std::vector<torch::Tensor> contents;
    for (const auto& [name, tensor] : tensors) {
        contents.push_back(tensor.detach().to(torch::kCPU).contiguous());
        const torch::Tensor& content = contents.back();
        header[name] = {{"dtype", name_of(stored_dtype(content.scalar_type()))},
                        {"shape", content.sizes().vec()},
                        {"data_offsets", {offset, offset + content.nbytes()}}};
        offset += content.nbytes();
    }
    std::string text = header.is_null() ? "{}" : header.dump();
    text.resize((text.size() + 7) / 8 * 8, ' ');

    AtomicFile target(file);
    {
        std::ofstream out(target.temporary_path(), std::ios::binary);
        const std::uint64_t size = text.size();
        out.write(reinterpret_cast<const char*>(&size), 8);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        for (const torch::Tensor& content : contents) {
            out.write(static_cast<const char*>(content.const_data_ptr()),
                      static_cast<std::streamsize>(content.nbytes()));
        }
        out.flush();
        if (!out) throw Error(concat("cannot write ", printable(file), ": ", std::strerror(errno)));
    }
    target.commit();
}

}  // namespace clipsim
