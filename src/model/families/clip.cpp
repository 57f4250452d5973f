// CLIP with a vision transformer (Radford et al. 2021, https://arxiv.org/abs/2103.00020), as Hugging Face's
// CLIPModel, open_clip's CLIP and CustomTextCLIP, or OpenAI's own files.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "config_reader.h"
#include "families.h"
#include "open_clip_config.h"
#include "open_clip_names.h"

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

// In Hugging Face's configs: a mistake of OpenAI's own that is kept for compatibility. It stands for the
// token of the highest number, which end of text is.
constexpr int end_of_text_is_highest = 2;

bool recognises(const ModelSource& source) {
    const nlohmann::json& values = source.config.values;
    if (source.format == ModelFormat::open_clip) return !timm_model_name(source.config);
    return source.format == ModelFormat::openai || value_at(values, {"model_type"}) == "clip" ||
           !values.contains("model_type");
}

// `vision_config` or `text_config`.
const nlohmann::json& section_of(const JsonFile& config, const char* name) {
    if (!config.values.contains(name) || !config.values[name].is_object())
        throw UsageError(concat(config.name, ": no ", name, ": not the config.json of a CLIP model"));
    return config.values[name];
}

void read_transformer(const ConfigReader& reader, TransformerConfig& config) {
    config.hidden_size = reader.whole("hidden_size", config.hidden_size, 16384);
    config.layers = reader.whole("num_hidden_layers", config.layers, 256);
    config.heads = reader.whole("num_attention_heads", config.heads, 256);
    config.intermediate_size = reader.whole("intermediate_size", config.intermediate_size, 65536);
    config.layer_norm_eps = reader.number("layer_norm_eps", config.layer_norm_eps, 0, 1);
    config.activation = reader.activation("quick_gelu");
    if (config.hidden_size % config.heads != 0)
        reader.refuse("num_attention_heads", "a divisor of hidden_size");
}

int read_projection_dim(const JsonFile& config, int otherwise) {
    return ConfigReader(config.values, config.name + ": ").whole("projection_dim", otherwise, 16384);
}

VisionTransformerConfig read_vision(const JsonFile& json) {
    const ConfigReader reader(section_of(json, "vision_config"), json.name + ": vision_config.");
    VisionTransformerConfig config;
    read_transformer(reader, config);
    config.image_size = reader.whole("image_size", config.image_size, 4096);
    config.patch_size = reader.whole("patch_size", config.patch_size, 4096);
    config.projection_dim = read_projection_dim(json, config.projection_dim);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    if (reader.whole("num_channels", 3, 1024) != 3) reader.refuse("num_channels", "3");
    return config;
}

TextConfig read_text(const JsonFile& json) {
    const ConfigReader reader(section_of(json, "text_config"), json.name + ": text_config.");
    TextConfig config;
    read_transformer(reader, config);
    config.vocabulary_size = reader.whole("vocab_size", config.vocabulary_size, 16'000'000);
    config.context_length = reader.whole("max_position_embeddings", config.context_length, 65536);
    config.end_of_text = reader.whole("eos_token_id", config.end_of_text, 16'000'000);
    if (config.end_of_text >= config.vocabulary_size) reader.refuse("eos_token_id", "less than vocab_size");
    if (config.end_of_text == end_of_text_is_highest) config.pooling = TextPooling::highest_id;
    if (config.context_length < 2) reader.refuse("max_position_embeddings", "at least 2");
    config.projection_dim = read_projection_dim(json, config.projection_dim);
    return config;
}

constexpr int head_width = 64;
constexpr std::int64_t largest_size = 16'000'000;

// The sizes of a tensor, checked to be so many and none of them absurd.
std::vector<int> sizes_of(const WeightsFile& weights, const std::string& name, std::size_t dimensions) {
    const StoredTensor& tensor = weights.tensor(name);
    std::vector<int> sizes;
    for (const std::int64_t size : tensor.shape) {
        if (size >= 1 && size <= largest_size) sizes.push_back(static_cast<int>(size));
    }
    if (sizes.size() != dimensions || tensor.shape.size() != dimensions) {
        throw UsageError(concat(printable(weights.path), ": tensor ", name, " has the shape ",
                                shape_text(tensor.shape), ", expected ", dimensions, " sizes"));
    }
    return sizes;
}

void infer_transformer(const WeightsFile& weights, const std::string& prefix, int width,
                       TransformerConfig& config) {
    config.hidden_size = width;
    config.heads = width / head_width;
    if (width % head_width != 0) {
        throw UsageError(
            concat(printable(weights.path), ": a width of ", width,
                   ", which heads of 64 do not divide: not a file of OpenAI's; one of open_clip ",
                   "needs its open_clip_config.json beside it"));
    }
    config.layers = 0;
    while (weights.contains(concat(prefix, config.layers, ".attn.in_proj_weight"))) ++config.layers;
    config.intermediate_size = sizes_of(weights, prefix + "0.mlp.c_fc.weight", 2)[0];
    config.activation = Activation::quick_gelu;
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

// OpenAI's own files have no config: the shapes of the tensors tell (https://github.com/openai/CLIP,
// build_model). Heads have 64 dimensions.
std::pair<VisionTransformerConfig, TextConfig> infer_openai(const WeightsFile& weights) {
    if (weights.contains("visual.layer1.0.conv1.weight")) {
        throw UsageError(concat(printable(weights.path),
                                ": a CLIP with a ResNet; clipsim reads those with a vision ",
                                "transformer (ViT-B/32, ViT-B/16, ViT-L/14)"));
    }
    VisionTransformerConfig vision;
    TextConfig text;
    const std::vector<int> patches = sizes_of(weights, "visual.conv1.weight", 4);
    infer_transformer(weights, "visual.transformer.resblocks.", patches[0], vision);
    vision.patch_size = patches[3];
    const int positions = sizes_of(weights, "visual.positional_embedding", 2)[0];
    const int grid = static_cast<int>(std::lround(std::sqrt(positions - 1)));
    if (grid < 1 || grid > 1024 || patches[3] > 1024) {
        throw UsageError(concat(printable(weights.path), ": tensor visual.positional_embedding has ",
                                positions, " rows, which are no grid of patches"));
    }
    vision.image_size = grid * vision.patch_size;
    vision.projection_dim = sizes_of(weights, "text_projection", 2)[1];

    const std::vector<int> tokens = sizes_of(weights, "token_embedding.weight", 2);
    infer_transformer(weights, "transformer.resblocks.", tokens[1], text);
    text.vocabulary_size = tokens[0];
    text.context_length = sizes_of(weights, "positional_embedding", 2)[0];
    text.pooling = TextPooling::highest_id;
    text.projection_dim = vision.projection_dim;
    require_openai(weights);
    return {vision, text};
}

bool ignored_in_hugging_face(const std::string& name) {
    return name == "logit_scale" || name.ends_with(".embeddings.position_ids");
}

bool ignored_without_text(const std::string& name) {
    return ignored_in_hugging_face(name) || name.starts_with("text_model.") ||
           name.starts_with("text_projection.");
}

void name_as_hugging_face(std::vector<TensorName>& names) {
    for (TensorName& name : names)
        name = {name.tower, name.tower, TensorName::whole, false, 0, name.grid, {}};
}

ModelDescription describe(const ModelSource& source) {
    ModelDescription model;
    VisionTransformerConfig vision;
    if (source.format == ModelFormat::openai) {
        std::tie(vision, model.text) = infer_openai(source.weights);
    } else if (source.format == ModelFormat::open_clip) {
        const OpenClipConfig config(source.config);
        vision = config.transformer();
        model.text = config.text();
        model.preprocess = config.preprocess(vision.image_size);
    } else {
        vision = read_vision(source.config);
        if (source.config.values.contains("text_config")) model.text = read_text(source.config);
    }
    model.vision.network = vision;
    if (source.format != ModelFormat::open_clip) {
        model.preprocess = source.preprocessor.empty() ? PreprocessSpec::square(vision.image_size)
                                                       : read_preprocess_spec(source.preprocessor);
    }
    model.vision_tensors = open_clip_vision_names(vision);
    if (model.text)
        model.text_tensors = open_clip_text_names(*model.text, open_clip_text_prefix(source.weights));
    model.ignores = ignored_in_open_clip;
    if (source.format == ModelFormat::hugging_face) {
        name_as_hugging_face(model.vision_tensors);
        name_as_hugging_face(model.text_tensors);
        model.ignores = model.text ? ignored_in_hugging_face : ignored_without_text;
    }
    return model;
}

Json transformer_json(const TransformerConfig& config) {
    return {{"hidden_size", config.hidden_size},
            {"num_hidden_layers", config.layers},
            {"num_attention_heads", config.heads},
            {"intermediate_size", config.intermediate_size},
            {"layer_norm_eps", config.layer_norm_eps},
            {"hidden_act", config.activation == Activation::quick_gelu ? "quick_gelu" : "gelu"}};
}

// All of open_clip's and OpenAI's have a text tower.
Json hugging_face_config(const ModelDescription& model) {
    const auto& shape = std::get<VisionTransformerConfig>(model.vision.network);
    Json vision = transformer_json(shape);
    vision["model_type"] = "clip_vision_model";
    vision["image_size"] = shape.image_size;
    vision["patch_size"] = shape.patch_size;
    vision["num_channels"] = 3;
    vision["projection_dim"] = shape.projection_dim;
    Json text = transformer_json(*model.text);
    text["model_type"] = "clip_text_model";
    text["vocab_size"] = model.text->vocabulary_size;
    text["max_position_embeddings"] = model.text->context_length;
    text["projection_dim"] = model.text->projection_dim;
    text["bos_token_id"] = model.text->vocabulary_size - 2;
    text["eos_token_id"] = end_of_text_is_highest;
    text["pad_token_id"] = 0;
    return {
        {"architectures", {"CLIPModel"}},   {"model_type", "clip"}, {"projection_dim", shape.projection_dim},
        {"logit_scale_init_value", 2.6592}, {"text_config", text},  {"vision_config", vision}};
}

}  // namespace

const ModelFamily clip_family{
    "CLIP",   "config.json of model_type clip, open_clip_config.json, OpenAI's .pt", true, recognises,
    describe, HuggingFaceForm{"CLIPImageProcessor", false, hugging_face_config},
};

}  // namespace clipsim
