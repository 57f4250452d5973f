#include "clipsim/model/model_description.h"

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/json_file.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/weights/clip_config.h"
#include "clipsim/weights/dinov2_config.h"
#include "clipsim/weights/open_clip_config.h"
#include "clipsim/weights/openai_config.h"

namespace clipsim {

namespace {

PreprocessSpec square(int side) {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = side;
    return spec;
}

// BitImageProcessor as DINOv2 comes with it, ImageNet's mean and deviation.
PreprocessSpec dinov2_preprocess() {
    PreprocessSpec spec;
    spec.short_side = 256;
    spec.mean = {0.485F, 0.456F, 0.406F};
    spec.std = {0.229F, 0.224F, 0.225F};
    return spec;
}

ModelDescription describe_dinov2(const ModelFiles& files, const JsonFile& config) {
    ModelDescription model;
    model.family = ModelFamily::dinov2;
    model.layout = TensorLayout::dinov2;
    model.preprocess =
        files.preprocessor.empty() ? dinov2_preprocess() : read_preprocess_spec(files.preprocessor);
    model.vision = read_dinov2_config(config, model.preprocess.crop_width);
    return model;
}

ModelDescription describe_hugging_face(const ModelFiles& files) {
    const JsonFile config = read_json_file(files.config);
    if (describes_dinov2(config)) return describe_dinov2(files, config);
    const nlohmann::json type = config.values.value("model_type", nlohmann::json("clip"));
    if (!type.is_string() || type.get_ref<const std::string&>() != "clip") {
        const std::string shown = type.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        throw UsageError(concat(config.name, ": model_type ", printable(shown.substr(0, 100)),
                                " is not supported; clip, dinov2 and dinov2_with_registers are"));
    }
    ModelDescription model;
    model.vision = read_vision_config(config);
    if (describes_text_tower(config)) model.text = read_text_config(config);
    model.preprocess = files.preprocessor.empty() ? square(model.vision.image_size)
                                                  : read_preprocess_spec(files.preprocessor);
    return model;
}

ModelDescription describe_open_clip(const ModelFiles& files, const WeightsFile& weights) {
    const OpenClipConfig config = read_open_clip_config(read_json_file(files.config));
    ModelDescription model;
    model.format = ModelFormat::open_clip;
    model.layout = weights.contains("text.token_embedding.weight") ? TensorLayout::open_clip_custom
                                                                   : TensorLayout::open_clip;
    model.vision = config.vision;
    model.text = config.text;
    model.preprocess = config.preprocess;
    return model;
}

// TorchScript is OpenAI's own; of a bare state dict the type tells, for it is open_clip's names too.
void require_openai(const WeightsFile& weights) {
    if (weights.is_torchscript || weights.contains("input_resolution")) return;
    const bool half = std::ranges::all_of(weights.tensors, [](const auto& tensor) {
        return tensor.second.dtype == Dtype::f16 || tensor.second.elements() < 1000;
    });
    if (!half) {
        throw UsageError(concat(printable(weights.path),
                                ": nothing says which activation function this model has; put ",
                                "its open_clip_config.json beside it"));
    }
    log_warning(concat(
        printable(weights.path),
        ": no open_clip_config.json beside it, and in fp16: taken for a model of OpenAI's (quick_gelu)"));
}

ModelDescription describe_openai(const ModelFiles& files, const WeightsFile& weights) {
    const OpenAiConfig config = infer_openai_config(weights);
    require_openai(weights);
    ModelDescription model;
    model.format = ModelFormat::openai;
    model.layout = TensorLayout::open_clip;
    model.vision = config.vision;
    model.text = config.text;
    model.preprocess =
        files.preprocessor.empty() ? config.preprocess : read_preprocess_spec(files.preprocessor);
    return model;
}

}  // namespace

std::string to_string(ModelFamily family) {
    return family == ModelFamily::clip ? "CLIP" : "DINOv2";
}

std::string to_string(ModelFormat format) {
    switch (format) {
        case ModelFormat::hugging_face:
            return "Hugging Face";
        case ModelFormat::open_clip:
            return "open_clip";
        default:
            return "OpenAI";
    }
}

ModelDescription describe_model(const ModelFiles& files, const WeightsFile& weights) {
    ModelDescription model;
    if (files.config.empty()) {
        model = describe_openai(files, weights);
    } else if (files.config.filename() == "open_clip_config.json") {
        model = describe_open_clip(files, weights);
    } else {
        model = describe_hugging_face(files);
    }
    const PreprocessSpec& preprocess = model.preprocess;
    if (preprocess.crop_width != model.vision.image_size ||
        preprocess.crop_height != model.vision.image_size) {
        throw UsageError(concat(printable(files.preprocessor), ": crop_size: the model takes images of ",
                                model.vision.image_size, " x ", model.vision.image_size, " pixels"));
    }
    return model;
}

std::string model_hash(const ModelFiles& files, const WeightsFile& weights, const FileHash& hash) {
    std::string hashes;
    for (const std::filesystem::path& file : weights.files) hashes += hash(file);
    for (const std::filesystem::path& file : {files.config, files.preprocessor}) {
        if (!file.empty()) hashes += hash(file);
    }
    return hash_bytes(std::as_bytes(std::span(hashes)));
}

}  // namespace clipsim
