#include "clipsim/model/model_info.h"

#include <set>

#include "clipsim/core/hash.h"
#include "model_weights.h"

namespace clipsim {

namespace {

std::string precision_name(Dtype dtype) {
    switch (dtype) {
        case Dtype::f32:
            return "fp32";
        case Dtype::f16:
            return "fp16";
        case Dtype::bf16:
            return "bf16";
        default:
            return name_of(dtype);
    }
}

std::string join(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

}  // namespace

ModelInfo read_model_info(const std::string& name) {
    ModelInfo info;
    info.files = find_model(name);
    const WeightsFile file = read_weights(info.files.weights);
    info.description = describe_model(info.files, file);
    const ModelWeights weights(file, info.description);
    weights.require_vision_tower();
    if (info.description.text) weights.require_text_tower();
    std::set<std::string> precisions;
    for (const std::string& tensor : weights.file_names()) {
        const StoredTensor& stored = file.tensor(tensor);
        info.parameters += stored.elements();
        precisions.insert(precision_name(stored.dtype));
    }
    info.precision = join(precisions);
    for (const std::filesystem::path& part : file.files)
        info.weight_bytes += std::filesystem::file_size(part);
    info.hash = model_hash(info.files, file, hash_file);
    if (const auto& text = info.description.text)
        info.has_tokenizer = has_tokenizer(text->tokenizer, info.files.folder());
    return info;
}

}  // namespace clipsim
