#include "open_clip_config.h"

#include <algorithm>
#include <array>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

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
    if (key.starts_with("hf_")) return " (a text tower of Hugging Face)";
    if (key == "multimodal_cfg" || key == "embed_cls") return " (CoCa)";
    return "";
}

[[noreturn]] void refuse(const std::string& where, const std::string& reason) {
    throw UsageError(
        concat(where, reason,
               "; of open_clip's models clipsim reads those with CLIP's own towers (ViT-B-32, ViT-L-14, ",
               "ViT-H-14 and the like), or with the vision tower tf_efficientnet_lite0 to 4"));
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

const json& empty_object() {
    static const json empty = json::object();
    return empty;
}

void read_transformer(const ConfigReader& reader, TransformerConfig& config, bool quick_gelu) {
    config.hidden_size = reader.whole("width", config.hidden_size, 16384);
    config.layers = reader.whole("layers", config.layers, 256);
    config.intermediate_size = static_cast<int>(config.hidden_size * reader.number("mlp_ratio", 4, 0, 64));
    if (config.intermediate_size < 1) reader.refuse("mlp_ratio", "more");
    config.activation = quick_gelu ? Activation::quick_gelu : Activation::gelu;
}

}  // namespace

std::optional<std::string> timm_model_name(const JsonFile& config) {
    const json name = value_at(config.values, {"model_cfg", "vision_cfg", "timm_model_name"});
    return name.is_string() ? std::optional(name.get<std::string>()) : std::nullopt;
}

OpenClipConfig::OpenClipConfig(const JsonFile& config)
    : name_(config.name),
      model_(section_of(config.values, "model_cfg", name_ + ": ")),
      vision_(section_of(model_, "vision_cfg", name_ + ": model_cfg.")),
      text_(section_of(model_, "text_cfg", name_ + ": model_cfg.")),
      preprocess_(config.values.contains("preprocess_cfg")
                      ? section_of(config.values, "preprocess_cfg", name_ + ": ")
                      : empty_object()) {
    const std::string where = name_ + ": model_cfg.";
    check_keys(model_, model_keys, where);
    const ConfigReader reader(model_, where);
    embed_dim_ = reader.whole("embed_dim", 512, 16384);
    quick_gelu_ = reader.flag("quick_gelu", false);
}

ConfigReader OpenClipConfig::vision(std::span<const std::string_view> known_keys) const {
    const std::string where = name_ + ": model_cfg.vision_cfg.";
    if (vision_.contains("layers") && vision_["layers"].is_array())
        refuse(where, "layers is a list (a ResNet)");
    check_keys(vision_, known_keys, where);
    return {vision_, where};
}

// A side, or [side, side].
int OpenClipConfig::image_size() const {
    const ConfigReader reader(vision_, name_ + ": model_cfg.vision_cfg.");
    const json size = vision_.value("image_size", json(224));
    if (size.is_array() && size.size() == 2 && size[0] == size[1]) {
        if (size[0].is_number_integer() && size[0] >= 1 && size[0] <= 4096) return size[0].get<int>();
    }
    if (size.is_array()) reader.refuse("image_size", "a square");
    return reader.whole("image_size", 224, 4096);
}

VisionTransformerConfig OpenClipConfig::transformer() const {
    const ConfigReader reader = vision(vision_keys);
    VisionTransformerConfig config;
    read_transformer(reader, config, quick_gelu_);
    const int head_width = reader.whole("head_width", 64, 16384);
    config.heads = config.hidden_size / head_width;
    if (config.hidden_size % head_width != 0) reader.refuse("head_width", "a divisor of width");
    config.image_size = image_size();
    config.patch_size = reader.whole("patch_size", 16, 4096);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    config.projection_dim = embed_dim_;
    return config;
}

TextConfig OpenClipConfig::text() const {
    const std::string where = name_ + ": model_cfg.text_cfg.";
    check_keys(text_, text_keys, where);
    const ConfigReader reader(text_, where);
    TextConfig config;
    read_transformer(reader, config, quick_gelu_);
    config.heads = reader.whole("heads", config.heads, 256);
    if (config.hidden_size % config.heads != 0) reader.refuse("heads", "a divisor of width");
    config.vocabulary_size = reader.whole("vocab_size", config.vocabulary_size, 16'000'000);
    config.context_length = reader.whole("context_length", config.context_length, 65536);
    if (config.context_length < 2) reader.refuse("context_length", "at least 2");
    config.pooling = TextPooling::highest_id;
    config.projection_dim = embed_dim_;
    return config;
}

// The side is the tower's, whatever `size` says.
PreprocessSpec OpenClipConfig::preprocess(int image_size) const {
    const ConfigReader reader(preprocess_, name_ + ": preprocess_cfg.");
    PreprocessSpec spec = PreprocessSpec::square(image_size);
    if (preprocess_.value("interpolation", json("bicubic")) != "bicubic")
        reader.refuse("interpolation", "bicubic");
    if (preprocess_.value("resize_mode", json("shortest")) != "shortest")
        reader.refuse("resize_mode", "shortest");
    if (preprocess_.value("mode", json("RGB")) != "RGB") reader.refuse("mode", "RGB");
    spec.mean = reader.triple("mean", spec.mean);
    spec.std = reader.triple("std", spec.std);
    if (std::ranges::any_of(spec.std, [](float value) { return !(value > 0); }))
        reader.refuse("std", "three numbers above 0");
    return spec;
}

}  // namespace clipsim
