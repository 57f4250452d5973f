#include "hugging_face_files.h"

#include <charconv>
#include <cstdlib>
#include <nlohmann/json.hpp>

namespace clipsim {

namespace {

using Json = nlohmann::ordered_json;

Json transformer_json(const TransformerConfig& config) {
    return {{"hidden_size", config.hidden_size},
            {"num_hidden_layers", config.layers},
            {"num_attention_heads", config.heads},
            {"intermediate_size", config.intermediate_size},
            {"layer_norm_eps", config.layer_norm_eps},
            {"hidden_act", config.activation == Activation::quick_gelu ? "quick_gelu" : "gelu"}};
}

// As short as tells the float: 0.48145466, not the double beside it.
Json triple(const std::array<float, 3>& values) {
    Json list = Json::array();
    for (const float value : values) {
        std::array<char, 32> text{};
        double shortest = 0;
        std::from_chars(text.data(), std::to_chars(text.begin(), text.end(), value).ptr, shortest);
        list.push_back(shortest);
    }
    return list;
}

}  // namespace

Json clip_config_json(const ModelDescription& model) {
    Json vision = transformer_json(model.vision);
    vision["model_type"] = "clip_vision_model";
    vision["image_size"] = model.vision.image_size;
    vision["patch_size"] = model.vision.patch_size;
    vision["num_channels"] = 3;
    vision["projection_dim"] = model.vision.projection_dim;
    Json text = transformer_json(*model.text);
    text["model_type"] = "clip_text_model";
    text["vocab_size"] = model.text->vocabulary_size;
    text["max_position_embeddings"] = model.text->context_length;
    text["projection_dim"] = model.text->projection_dim;
    text["bos_token_id"] = model.text->vocabulary_size - 2;
    // 2 has transformers look for the highest number, as open_clip and OpenAI do.
    text["eos_token_id"] = model.text->end_of_text;
    text["pad_token_id"] = 0;
    return {{"architectures", {"CLIPModel"}},
            {"model_type", "clip"},
            {"projection_dim", model.vision.projection_dim},
            {"logit_scale_init_value", 2.6592},
            {"text_config", text},
            {"vision_config", vision}};
}

Json preprocessor_json(const ModelDescription& model) {
    const PreprocessSpec& spec = model.preprocess;
    return {{"image_processor_type",
             model.family == ModelFamily::dinov2 ? "BitImageProcessor" : "CLIPImageProcessor"},
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

}  // namespace clipsim
