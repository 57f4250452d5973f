#include "clipsim/model/clip_config.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

using nlohmann::json;

class ConfigReader {
  public:
    ConfigReader(const json& values, std::string where) : values_(values), where_(std::move(where)) {}

    // A whole number between 1 and `maximum`; `otherwise` where the key is absent (Hugging Face leaves out
    // defaults).
    int whole(const char* key, int otherwise, int maximum) const {
        if (!values_.contains(key)) return otherwise;
        const json& value = values_[key];
        if (!value.is_number_integer() || value < 1 || value > maximum) {
            refuse(key, concat("a whole number from 1 to ", maximum));
        }
        return value.get<int>();
    }

    double epsilon(const char* key, double otherwise) const {
        if (!values_.contains(key)) return otherwise;
        const json& value = values_[key];
        if (!value.is_number() || !(value > 0) || !(value < 1)) refuse(key, "a number between 0 and 1");
        return value.get<double>();
    }

    Activation activation() const {
        const json value = values_.value("hidden_act", json("quick_gelu"));
        if (value == "quick_gelu") return Activation::quick_gelu;
        if (value == "gelu") return Activation::gelu;
        refuse("hidden_act", "quick_gelu or gelu");
    }

    [[noreturn]] void refuse(const char* key, const std::string& expected) const {
        throw UsageError(concat(where_, key, ": expected ", expected, ", got ",
                                values_.contains(key) ? values_[key].dump() : std::string("nothing")));
    }

  private:
    const json& values_;
    std::string where_;
};

json parse_clip_config(const std::filesystem::path& config_json) {
    json values = json::parse(read_file(config_json, 1 << 20), nullptr, false);
    if (!values.is_object()) throw UsageError(concat(printable(config_json), ": not a JSON object"));
    return values;
}

// `vision_config` or `text_config`.
const json& section_of(const json& values, const char* name, const std::filesystem::path& config_json) {
    if (!values.contains(name) || !values[name].is_object()) {
        throw UsageError(
            concat(printable(config_json), ": no ", name, ": not the config.json of a CLIP model"));
    }
    return values[name];
}

void read_transformer(const ConfigReader& reader, TransformerConfig& config) {
    config.hidden_size = reader.whole("hidden_size", config.hidden_size, 16384);
    config.layers = reader.whole("num_hidden_layers", config.layers, 256);
    config.heads = reader.whole("num_attention_heads", config.heads, 256);
    config.intermediate_size = reader.whole("intermediate_size", config.intermediate_size, 65536);
    config.layer_norm_eps = reader.epsilon("layer_norm_eps", config.layer_norm_eps);
    config.activation = reader.activation();
    if (config.hidden_size % config.heads != 0)
        reader.refuse("num_attention_heads", "a divisor of hidden_size");
}

int read_projection_dim(const json& values, const std::filesystem::path& config_json, int otherwise) {
    return ConfigReader(values, printable(config_json) + ": ").whole("projection_dim", otherwise, 16384);
}

}  // namespace

bool describes_text_tower(const std::filesystem::path& config_json) {
    return parse_clip_config(config_json).contains("text_config");
}

VisionConfig read_vision_config(const std::filesystem::path& config_json) {
    const json values = parse_clip_config(config_json);
    const ConfigReader reader(section_of(values, "vision_config", config_json),
                              printable(config_json) + ": vision_config.");
    VisionConfig config;
    read_transformer(reader, config);
    config.image_size = reader.whole("image_size", config.image_size, 4096);
    config.patch_size = reader.whole("patch_size", config.patch_size, 4096);
    config.projection_dim = read_projection_dim(values, config_json, config.projection_dim);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    if (reader.whole("num_channels", 3, 1024) != 3) reader.refuse("num_channels", "3");
    return config;
}

TextConfig read_text_config(const std::filesystem::path& config_json) {
    const json values = parse_clip_config(config_json);
    const ConfigReader reader(section_of(values, "text_config", config_json),
                              printable(config_json) + ": text_config.");
    TextConfig config;
    read_transformer(reader, config);
    config.vocabulary_size = reader.whole("vocab_size", config.vocabulary_size, 16'000'000);
    config.context_length = reader.whole("max_position_embeddings", config.context_length, 65536);
    config.end_of_text = reader.whole("eos_token_id", config.end_of_text, 16'000'000);
    if (config.end_of_text >= config.vocabulary_size) reader.refuse("eos_token_id", "less than vocab_size");
    if (config.context_length < 2) reader.refuse("max_position_embeddings", "at least 2");
    config.projection_dim = read_projection_dim(values, config_json, config.projection_dim);
    return config;
}

}  // namespace clipsim
