// open_clip's CLIP with a vision tower of timm's, EfficientNet-Lite, and CLIP's text transformer.
#include <array>

#include "families.h"
#include "open_clip_config.h"
#include "open_clip_names.h"

namespace clipsim {

namespace {

constexpr const char* trunk = "visual.trunk.";

constexpr std::array<std::string_view, 8> known_keys{
    "timm_model_name", "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias",
    "timm_drop",       "timm_drop_path",        "image_size"};

std::optional<EfficientNetConfig> network_of(const JsonFile& config) {
    return efficientnet_lite(timm_model_name(config).value_or(""));
}

bool recognises(const ModelSource& source) {
    return source.format == ModelFormat::open_clip && network_of(source.config).has_value();
}

EfficientNetConfig read_vision(const JsonFile& json, const OpenClipConfig& config) {
    EfficientNetConfig network = network_of(json).value();
    const ConfigReader reader = config.vision(known_keys);
    const std::string pooling = reader.text("timm_pool", "avg");
    if (pooling != "avg" && !pooling.empty())  // "": the network's own, which is one
        reader.refuse("timm_pool", "avg");
    if (reader.text("timm_proj", "linear") != "linear") reader.refuse("timm_proj", "linear");
    network.projection_bias = reader.flag("timm_proj_bias", false);
    network.image_size = config.image_size();
    network.projection_dim = config.embed_dim();
    return network;
}

// timm's names, under what open_clip puts before them.
std::vector<TensorName> vision_names(const EfficientNetConfig& config) {
    std::vector<TensorName> names;
    const auto add = [&](const std::string& tower, const std::string& convolution,
                         const std::string& batch_norm) {
        const std::string name = "vision_model." + tower;
        const FoldedBatchNorm folded{trunk + batch_norm, config.batch_norm_eps};
        names.push_back(
            {name + ".weight", trunk + convolution + ".weight", TensorName::whole, false, 0, {}, folded});
        names.push_back(
            {name + ".bias", trunk + batch_norm + ".bias", TensorName::whole, false, 0, {}, folded});
    };
    add("stem", "conv_stem", "bn1");
    for (std::size_t i = 0; i < config.blocks.size(); ++i) {
        const std::string tower = "blocks." + std::to_string(i);
        const std::string file = config.blocks[i].timm_name;
        const bool expands = config.blocks[i].expands();
        if (expands) add(tower + ".expand", file + ".conv_pw", file + ".bn1");
        add(tower + ".depthwise", file + ".conv_dw", file + (expands ? ".bn2" : ".bn1"));
        add(tower + ".project", file + (expands ? ".conv_pwl" : ".conv_pw"),
            file + (expands ? ".bn3" : ".bn2"));
    }
    add("head", "conv_head", "bn2");
    names.push_back({"visual_projection.weight", "visual.head.proj.weight"});
    if (config.projection_bias) names.push_back({"visual_projection.bias", "visual.head.proj.bias"});
    return names;
}

ModelDescription describe(const ModelSource& source) {
    const OpenClipConfig config(source.config);
    const EfficientNetConfig network = read_vision(source.config, config);
    ModelDescription model;
    model.vision.network = network;
    model.text = config.text();
    model.preprocess = config.preprocess(network.image_size);
    model.vision_tensors = vision_names(network);
    model.text_tensors = open_clip_text_names(*model.text, open_clip_text_prefix(source.weights));
    model.ignores = [](const std::string& name) {
        return ignored_in_open_clip(name) ||
               (name.starts_with(trunk) && name.ends_with(".num_batches_tracked"));
    };
    return model;
}

}  // namespace

const ModelFamily efficientnet_clip_family{
    "CLIP (EfficientNet-Lite)",
    "open_clip_config.json with the vision tower tf_efficientnet_lite0 to 4",
    true,
    recognises,
    describe,
    std::nullopt,
};

}  // namespace clipsim
