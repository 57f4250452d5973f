#include "clipsim/weights/dinov2_config.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "config_reader.h"

namespace clipsim {

namespace {

constexpr const char* plain = "dinov2";
constexpr const char* with_registers = "dinov2_with_registers";

std::string model_type(const JsonFile& config) {
    const nlohmann::json type = config.values.value("model_type", nlohmann::json());
    return type.is_string() ? type.get<std::string>() : std::string();
}

}  // namespace

bool describes_dinov2(const JsonFile& config) {
    const std::string type = model_type(config);
    return type == plain || type == with_registers;
}

VisionConfig read_dinov2_config(const JsonFile& json, int image_size) {
    const ConfigReader reader(json.values, json.name + ": ");
    if (reader.flag("use_swiglu_ffn", false))
        reader.refuse("use_swiglu_ffn", "false: DINOv2 giant is not supported; small, base and large are");
    if (!reader.flag("qkv_bias", true)) reader.refuse("qkv_bias", "true");
    VisionConfig config;
    config.hidden_size = reader.whole("hidden_size", 768, 16384);
    config.layers = reader.whole("num_hidden_layers", 12, 256);
    config.heads = reader.whole("num_attention_heads", 12, 256);
    if (config.hidden_size % config.heads != 0)
        reader.refuse("num_attention_heads", "a divisor of hidden_size");
    config.intermediate_size = static_cast<int>(config.hidden_size * reader.number("mlp_ratio", 4, 0, 64));
    if (config.intermediate_size < 1) reader.refuse("mlp_ratio", "more");
    config.layer_norm_eps = reader.number("layer_norm_eps", 1e-6, 0, 1);
    config.activation = reader.activation("gelu");
    config.layer_scale = true;
    config.image_size = image_size;
    config.patch_size = reader.whole("patch_size", 14, 4096);
    if (config.patch_size > image_size)
        reader.refuse("patch_size", concat("at most ", image_size, ", the side of the images"));
    if (reader.whole("num_channels", 3, 1024) != 3) reader.refuse("num_channels", "3");
    config.projection_dim = config.hidden_size;
    config.patch_bias = true;
    config.pre_norm = false;
    config.has_projection = false;
    if (model_type(json) == with_registers) {
        config.registers = reader.whole("num_register_tokens", 4, 1024);
        config.antialias_positions = true;
    } else {
        config.antialias_positions = false;
    }
    return config;
}

}  // namespace clipsim
