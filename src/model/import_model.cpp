#include "clipsim/model/import_model.h"

#include <torch/torch.h>

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/files/atomic_folder.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/text.h"
#include "clipsim/model/safetensors.h"
#include "clipsim/model/text_tower.h"
#include "clipsim/model/vision_tower.h"
#include "model_weights.h"
#include "stored_tensor.h"

namespace clipsim {

namespace {

namespace fs = std::filesystem;
using Tensors = std::map<std::string, torch::Tensor>;

torch::Tensor converted(const std::string& name, const torch::Tensor& tensor,
                        std::optional<WeightPrecision> precision) {
    if (!precision || !tensor.is_floating_point()) return tensor.contiguous();
    if (*precision == WeightPrecision::fp32) return tensor.to(torch::kFloat32).contiguous();
    if (*precision == WeightPrecision::bf16) return tensor.to(torch::kBFloat16).contiguous();
    const torch::Tensor half = tensor.to(torch::kFloat16).contiguous();
    if (!half.isfinite().all().item<bool>())
        throw UsageError(
            concat("the tensor ", name, " has values that fp16 can't hold; import it as bf16 or fp32"));
    return half;
}

// Under our towers' names, which are those of Hugging Face's CLIP.
Tensors tower_tensors(const WeightsFile& file, const ModelDescription& model) {
    const ModelWeights weights(file, model);
    weights.require_vision_tower();
    Tensors tensors;
    const auto take = [&](const torch::nn::Module& tower) {
        for (const auto& item : tower.named_parameters())
            tensors.emplace(item.key(), weights.tensor(item.key(), item.value().sizes()));
    };
    take(*make_vision_tower(model.vision));
    if (model.text) {
        weights.require_text_tower();
        take(*TextTower(*model.text));
    }
    if (file.contains("logit_scale")) {
        const torch::Tensor scale = to_tensor(file.tensor("logit_scale"));
        if (scale.numel() != 1)
            throw UsageError(concat(printable(file.path), ": tensor logit_scale has more than one value"));
        tensors.emplace("logit_scale", scale.reshape({}));
    }
    return tensors;
}

// Under their own names, for a family that has but one convention: position embeddings stay those of its
// training.
Tensors own_tensors(const WeightsFile& file, const ModelDescription& model) {
    const ModelWeights weights(file, model);
    weights.require_vision_tower();
    for (const auto& item : make_vision_tower(model.vision)->named_parameters())
        weights.tensor(item.key(), item.value().sizes());
    Tensors tensors;
    for (const auto& [name, stored] : file.tensors) tensors.emplace(name, to_tensor(stored));
    return tensors;
}

// What the config says of the weights' type, there and in its sections, where it says so.
void set_dtype(nlohmann::ordered_json& config, const std::string& dtype) {
    for (auto& [key, value] : config.items()) {
        if (value.is_object()) set_dtype(value, dtype);
        if (key == "dtype" || key == "torch_dtype") value = dtype;
    }
}

void write_config(const ModelFiles& files, const ModelDescription& model, const Tensors& tensors,
                  const fs::path& target) {
    nlohmann::ordered_json config;
    if (model.format == ModelFormat::hugging_face) {
        read_json_file(files.config);  // refuses what is too deep to be written again
        config = nlohmann::ordered_json::parse(read_file(files.config, 1 << 20), nullptr, true, true);
    } else {
        config = model.family->hugging_face->config(model);
    }
    std::string dtype = "float32";
    const torch::Dtype type = tensors.begin()->second.scalar_type();
    if (type == torch::kFloat16) dtype = "float16";
    if (type == torch::kBFloat16) dtype = "bfloat16";
    set_dtype(config, dtype);
    if (!config.contains("dtype"))
        config["torch_dtype"] = dtype;  // the name that old and new transformers know
    write_file_atomically(target, config.dump(2) + "\n");
}

// As short as tells the float: 0.48145466, not the double beside it.
nlohmann::ordered_json triple(const std::array<float, 3>& values) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const float value : values) {
        std::array<char, 32> text{};
        double shortest = 0;
        std::from_chars(text.data(), std::to_chars(text.begin(), text.end(), value).ptr, shortest);
        list.push_back(shortest);
    }
    return list;
}

// preprocessor_config.json as transformers reads it.
nlohmann::ordered_json preprocessor_json(const PreprocessSpec& spec, const std::string& image_processor) {
    return {{"image_processor_type", image_processor},
            {"do_convert_rgb", true},
            {"do_resize", true},
            {"size", {{"shortest_edge", spec.short_side}}},
            {"resample", 3},
            {"do_center_crop", true},
            {"crop_size", {{"height", spec.crop_height}, {"width", spec.crop_width}}},
            {"do_rescale", true},
            {"rescale_factor", 1.0 / 255.0},
            {"do_normalize", true},
            {"image_mean", triple(spec.mean)},
            {"image_std", triple(spec.std)}};
}

void write_preprocessor(const ModelFiles& files, const ModelDescription& model, const fs::path& target) {
    const bool given = !files.preprocessor.empty() && model.format == ModelFormat::hugging_face;
    if (!given) {
        const auto made = preprocessor_json(model.preprocess, model.family->hugging_face->image_processor);
        write_file_atomically(target, made.dump(2) + "\n");
        return;
    }
    // Of a processor_config.json, which transformers has from its version 5 on, the part that all of them
    // read.
    const nlohmann::json values = read_json_file(files.preprocessor).values;
    write_file_atomically(target, values.contains("image_processor")
                                      ? values["image_processor"].dump(2) + "\n"
                                      : read_file(files.preprocessor, 1 << 20));
}

std::vector<std::string> copy_tokenizer(TokenizerKind kind, const fs::path& source, const fs::path& target) {
    std::vector<std::string> copied;
    for (const char* name : tokenizer_files(kind)) {
        std::error_code error;
        if (!fs::is_regular_file(source / name, error)) continue;
        write_file_atomically(target / name, read_file(source / name, 64 << 20));
        copied.emplace_back(name);
    }
    return copied;
}

}  // namespace

ImportReport import_model(const std::string& source, const fs::path& target, const ImportOptions& options) {
    const torch::NoGradGuard no_grad;
    const ModelFiles files = find_model(source);
    const WeightsFile file = read_weights(files.weights);
    const ModelDescription model = describe_model(files, file);
    if (!model.family->hugging_face) {
        throw UsageError(
            concat(printable(files.config), ": transformers has no model like a ", model.family->name,
                   ", so that it can't be written as a Hugging Face folder; it is used as it is"));
    }
    Tensors tensors =
        model.family->hugging_face->file_names ? own_tensors(file, model) : tower_tensors(file, model);
    for (auto& [name, tensor] : tensors) {
        require_finite(tensor, files.weights, name);
        tensor = converted(name, tensor, options.precision);
    }

    AtomicFolder folder(target);
    write_safetensors(folder.path() / "model.safetensors", tensors, {{"format", "pt"}});
    write_config(files, model, tensors, folder.path() / "config.json");
    write_preprocessor(files, model, folder.path() / "preprocessor_config.json");
    ImportReport report{files.id, {}, model.text.has_value()};
    if (model.text) {
        report.tokenizer =
            copy_tokenizer(model.text->tokenizer, options.tokenizer.value_or(files.folder()), folder.path());
        if (report.tokenizer.empty() && options.tokenizer)
            throw UsageError(concat("--tokenizer ", printable(*options.tokenizer),
                                    ": no vocab.json and merges.txt, ",
                                    "and no tokenizer.json in that folder"));
    }
    folder.commit();
    return report;
}

}  // namespace clipsim
