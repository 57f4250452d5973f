#include "clipsim/weights/clip_config.h"

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "config_reader.h"

namespace clipsim {

namespace {

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

}  // namespace

bool describes_text_tower(const JsonFile& config) {
    return config.values.contains("text_config");
}

VisionConfig read_vision_config(const JsonFile& json) {
    const ConfigReader reader(section_of(json, "vision_config"), json.name + ": vision_config.");
    VisionConfig config;
    read_transformer(reader, config);
    config.image_size = reader.whole("image_size", config.image_size, 4096);
    config.patch_size = reader.whole("patch_size", config.patch_size, 4096);
    config.projection_dim = read_projection_dim(json, config.projection_dim);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    if (reader.whole("num_channels", 3, 1024) != 3) reader.refuse("num_channels", "3");
    return config;
}

TextConfig read_text_config(const JsonFile& json) {
    const ConfigReader reader(section_of(json, "text_config"), json.name + ": text_config.");
    TextConfig config;
    read_transformer(reader, config);
    config.vocabulary_size = reader.whole("vocab_size", config.vocabulary_size, 16'000'000);
    config.context_length = reader.whole("max_position_embeddings", config.context_length, 65536);
    config.end_of_text = reader.whole("eos_token_id", config.end_of_text, 16'000'000);
    if (config.end_of_text >= config.vocabulary_size) reader.refuse("eos_token_id", "less than vocab_size");
    if (config.context_length < 2) reader.refuse("max_position_embeddings", "at least 2");
    config.projection_dim = read_projection_dim(json, config.projection_dim);
    return config;
}

}  // namespace clipsim
