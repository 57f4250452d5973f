#include "clipsim/model/vision_config.h"

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

}  // namespace

VisionConfig read_vision_config(const std::filesystem::path& config_json) {
    const std::string file = printable(config_json);
    const json values = json::parse(read_file(config_json, 1 << 20), nullptr, false);
    if (!values.is_object()) throw UsageError(concat(file, ": not a JSON object"));
    if (!values.contains("vision_config") || !values["vision_config"].is_object()) {
        throw UsageError(concat(file, ": no vision_config: not the config.json of a CLIP model"));
    }
    const ConfigReader reader(values["vision_config"], file + ": vision_config.");
    VisionConfig config;
    config.image_size = reader.whole("image_size", config.image_size, 4096);
    config.patch_size = reader.whole("patch_size", config.patch_size, 4096);
    config.hidden_size = reader.whole("hidden_size", config.hidden_size, 16384);
    config.layers = reader.whole("num_hidden_layers", config.layers, 256);
    config.heads = reader.whole("num_attention_heads", config.heads, 256);
    config.intermediate_size = reader.whole("intermediate_size", config.intermediate_size, 65536);
    config.layer_norm_eps = reader.epsilon("layer_norm_eps", config.layer_norm_eps);
    config.activation = reader.activation();
    config.projection_dim =
        ConfigReader(values, file + ": ").whole("projection_dim", config.projection_dim, 16384);
    if (config.patch_size > config.image_size) reader.refuse("patch_size", "at most image_size");
    if (config.hidden_size % config.heads != 0)
        reader.refuse("num_attention_heads", "a divisor of hidden_size");
    if (reader.whole("num_channels", 3, 1024) != 3) reader.refuse("num_channels", "3");
    return config;
}

}  // namespace clipsim
