#include "clipsim/weights/open_clip_config.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "config_reader.h"

namespace clipsim {

namespace {

using nlohmann::json;

// Keys that say nothing of what the towers compute, or are read below.
constexpr std::array<std::string_view, 7> model_keys{"embed_dim",      "vision_cfg",  "text_cfg",
                                                     "quick_gelu",     "custom_text", "init_logit_scale",
                                                     "init_logit_bias"};
constexpr std::array<std::string_view, 12> vision_keys{"layers",
                                                       "width",
                                                       "head_width",
                                                       "mlp_ratio",
                                                       "patch_size",
                                                       "image_size",
                                                       "patch_dropout",
                                                       "output_tokens",
                                                       "attn_pooler_queries",
                                                       "attn_pooler_heads",
                                                       "timm_model_pretrained",
                                                       "timm_drop"};
constexpr std::array<std::string_view, 8> timm_keys{
    "timm_model_name", "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias",
    "timm_drop",       "timm_drop_path",        "image_size"};
constexpr std::array<std::string_view, 12> text_keys{"context_length",
                                                     "vocab_size",
                                                     "width",
                                                     "heads",
                                                     "layers",
                                                     "mlp_ratio",
                                                     "pad_id",
                                                     "eos_id",
                                                     "output_tokens",
                                                     "hf_tokenizer_name",
                                                     "tokenizer_kwargs",
                                                     "hf_model_pretrained"};

// Other keys may be there with the value that changes nothing: what leaves the towers CLIP's.
bool changes_nothing(const std::string& key, const json& value) {
    if (value.is_null() || value == false) return true;
    if (key == "pool_type") return value == "tok" || value == "argmax";
    if (key == "pos_embed_type") return value == "learnable";
    if (key == "proj_type") return value == "linear";
    if (key == "block_type") return value == "default";
    return false;
}

std::string what_it_is(const std::string& key) {
    if (key.starts_with("timm_")) return " (a vision tower of timm, as in SigLIP)";
    if (key.starts_with("hf_")) return " (a text tower of Hugging Face)";
    if (key == "multimodal_cfg" || key == "embed_cls") return " (CoCa)";
    return "";
}

[[noreturn]] void refuse(const std::string& where, const std::string& reason) {
    throw UsageError(
        concat(where, reason,
               "; of open_clip's models clipsim reads those with CLIP's own towers (ViT-B-32, ViT-L-14, ",
               "ViT-H-14 and the like), and vision towers tf_efficientnet_lite0 to 4"));
}

void check_keys(const json& values, std::span<const std::string_view> known, const std::string& where) {
    for (const auto& [key, value] : values.items()) {
        if (std::ranges::find(known, key) != known.end() || changes_nothing(key, value)) continue;
        const std::string shown = value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 100);
        refuse(where, concat(printable(key), " ", printable(shown), " is not supported", what_it_is(key)));
    }
}

const json& section_of(const json& values, const char* name, std::string_view where) {
    if (!values.contains(name) || !values[name].is_object())
        throw UsageError(concat(where, "no ", name, ": not open_clip's description of a CLIP"));
    return values[name];
}

void read_transformer(const ConfigReader& reader, TransformerConfig& config, bool quick_gelu) {
    config.hidden_size = reader.whole("width", config.hidden_size, 16384);
    config.layers = reader.whole("layers", config.layers, 256);
    config.intermediate_size = static_cast<int>(config.hidden_size * reader.number("mlp_ratio", 4, 0, 64));
    if (config.intermediate_size < 1) reader.refuse("mlp_ratio", "more");
    config.activation = quick_gelu ? Activation::quick_gelu : Activation::gelu;
}

// A side, or [side, side].
int read_image_size(const json& vision, const ConfigReader& reader) {
    const json size = vision.value("image_size", json(224));
    if (size.is_array() && size.size() == 2 && size[0] == size[1]) {
        if (size[0].is_number_integer() && size[0] >= 1 && size[0] <= 4096) return size[0].get<int>();
    }
    if (size.is_array()) reader.refuse("image_size", "a square");
    return reader.whole("image_size", 224, 4096);
}

// A vision tower of timm's.
VisionConfig read_timm(const std::string& name, const json& values, const std::string& where, int embed_dim) {
    VisionConfig config;
    config.efficientnet = efficientnet_lite(name);
    if (!config.efficientnet) {
        refuse(where, concat("timm_model_name ", printable(name.substr(0, 100)),
                             " is not supported (a vision tower of timm, as in SigLIP)"));
    }
    check_keys(values, timm_keys, where);
    const ConfigReader reader(values, where);
    const json pooling = values.value("timm_pool", json("avg"));
    const bool is_average =
        pooling == "avg" || pooling == json::string_t();  // "": the network's own, which is one
    if (!is_average) reader.refuse("timm_pool", "avg");
    if (values.value("timm_proj", json("linear")) != "linear") reader.refuse("timm_proj", "linear");
    config.efficientnet->projection_bias = reader.flag("timm_proj_bias", false);
    config.layers = static_cast<int>(config.efficientnet->blocks.size());
    config.hidden_size = config.efficientnet->head_channels;
    config.image_size = read_image_size(values, reader);
    config.projection_dim = embed_dim;
    return config;
}

VisionConfig read_vision(const json& values, const std::string& where, int embed_dim, bool quick_gelu) {
    if (values.contains("layers") && values["layers"].is_array())
        refuse(where, "layers is a list (a ResNet)");
    if (const json timm = values.value("timm_model_name", json()); timm.is_string())
        return read_timm(timm.get<std::string>(), values, where, embed_dim);
    check_keys(values, vision_keys, where);
    const ConfigReader reader(values, where);
    VisionConfig config;
    read_transformer(reader, config, quick_gelu);
    const int head_width = reader.whole("head_width", 64, 16384);
    config.heads = config.hidden_size / head_width;
    if (config.hidden_size % head_width != 0) reader.refuse("head_width", "a divisor of width");
    config.image_size = read_image_size(values, reader);
    config.patch_size = reader.whole("patch_size", 16, 4096);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    config.projection_dim = embed_dim;
    return config;
}

TextConfig read_text(const json& values, const std::string& where, int embed_dim, bool quick_gelu) {
    check_keys(values, text_keys, where);
    const ConfigReader reader(values, where);
    TextConfig config;
    read_transformer(reader, config, quick_gelu);
    config.heads = reader.whole("heads", config.heads, 256);
    if (config.hidden_size % config.heads != 0) reader.refuse("heads", "a divisor of width");
    config.vocabulary_size = reader.whole("vocab_size", config.vocabulary_size, 16'000'000);
    config.context_length = reader.whole("context_length", config.context_length, 65536);
    if (config.context_length < 2) reader.refuse("context_length", "at least 2");
    config.end_of_text = TextConfig::end_of_text_is_highest;
    config.projection_dim = embed_dim;
    return config;
}

std::array<float, 3> read_triple(const json& values, const ConfigReader& reader, const char* key,
                                 const std::array<float, 3>& otherwise) {
    if (!values.contains(key)) return otherwise;
    const json& triple = values[key];
    if (!triple.is_array() || triple.size() != 3 ||
        !std::ranges::all_of(triple, [](const json& item) { return item.is_number(); }))
        reader.refuse(key, "three numbers");
    return {triple[0].get<float>(), triple[1].get<float>(), triple[2].get<float>()};
}

// preprocess_cfg: the side is the tower's, whatever `size` says.
PreprocessSpec read_preprocess(const JsonFile& config, int image_size) {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = image_size;
    if (!config.values.contains("preprocess_cfg")) return spec;
    const std::string where = config.name + ": preprocess_cfg.";
    const json& values = section_of(config.values, "preprocess_cfg", config.name + ": ");
    const ConfigReader reader(values, where);
    if (values.value("interpolation", json("bicubic")) != "bicubic")
        reader.refuse("interpolation", "bicubic");
    if (values.value("resize_mode", json("shortest")) != "shortest") reader.refuse("resize_mode", "shortest");
    if (values.value("mode", json("RGB")) != "RGB") reader.refuse("mode", "RGB");
    spec.mean = read_triple(values, reader, "mean", spec.mean);
    spec.std = read_triple(values, reader, "std", spec.std);
    if (std::ranges::any_of(spec.std, [](float value) { return !(value > 0); }))
        reader.refuse("std", "three numbers above 0");
    return spec;
}

}  // namespace

OpenClipConfig read_open_clip_config(const JsonFile& json) {
    const std::string where = json.name + ": model_cfg.";
    const nlohmann::json& model = section_of(json.values, "model_cfg", json.name + ": ");
    check_keys(model, model_keys, where);
    const ConfigReader reader(model, where);
    const int embed_dim = reader.whole("embed_dim", 512, 16384);
    const bool quick_gelu = reader.flag("quick_gelu", false);
    OpenClipConfig config;
    config.vision =
        read_vision(section_of(model, "vision_cfg", where), where + "vision_cfg.", embed_dim, quick_gelu);
    config.text = read_text(section_of(model, "text_cfg", where), where + "text_cfg.", embed_dim, quick_gelu);
    config.preprocess = read_preprocess(json, config.vision.image_size);
    return config;
}

}  // namespace clipsim
