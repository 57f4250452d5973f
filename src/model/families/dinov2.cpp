// Hugging Face's Dinov2Model and Dinov2WithRegistersModel (Oquab et al. 2023,
// https://arxiv.org/abs/2304.07193; Darcet et al. 2023, https://arxiv.org/abs/2309.16588).

#include "clipsim/core/text.h"
#include "config_reader.h"
#include "families.h"
#include "transformer_names.h"

namespace clipsim {

namespace {

constexpr const char* plain = "dinov2";
constexpr const char* with_registers = "dinov2_with_registers";

constexpr int whole = TensorName::whole;

constexpr NameRow block_rows[] = {
    {"layer_norm1.*", "norm1.*"},
    {"self_attn.q_proj.*", "attention.attention.query.*"},
    {"self_attn.k_proj.*", "attention.attention.key.*"},
    {"self_attn.v_proj.*", "attention.attention.value.*"},
    {"self_attn.out_proj.*", "attention.output.dense.*"},
    {"layer_scale1", "layer_scale1.lambda1"},
    {"layer_norm2.*", "norm2.*"},
    {"mlp.fc1.*", "mlp.fc1.*"},
    {"mlp.fc2.*", "mlp.fc2.*"},
    {"layer_scale2", "layer_scale2.lambda1"},
};

constexpr NameRow rows[] = {
    {"vision_model.embeddings.class_embedding", "embeddings.cls_token", whole, false, 2},
    {"vision_model.embeddings.patch_embedding.*", "embeddings.patch_embeddings.projection.*"},
    {"vision_model.post_layernorm.*", "layernorm.*"},
};

bool recognises(const ModelSource& source) {
    const nlohmann::json type = value_at(source.config.values, {"model_type"});
    return source.format == ModelFormat::hugging_face && (type == plain || type == with_registers);
}

// BitImageProcessor as DINOv2 comes with it, ImageNet's mean and deviation.
PreprocessSpec usual_preprocess() {
    PreprocessSpec spec;
    spec.short_side = 256;
    spec.mean = {0.485F, 0.456F, 0.406F};
    spec.std = {0.229F, 0.224F, 0.225F};
    return spec;
}

// `image_size` is the side of the images that the preprocessing makes: the config names that of the training
// (518), and its position embeddings are resized.
VisionTransformerConfig read_vision(const JsonFile& json, int image_size) {
    const ConfigReader reader(json.values, json.name + ": ");
    if (reader.flag("use_swiglu_ffn", false))
        reader.refuse("use_swiglu_ffn", "false: DINOv2 giant is not supported; small, base and large are");
    if (!reader.flag("qkv_bias", true)) reader.refuse("qkv_bias", "true");
    VisionTransformerConfig config;
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
    if (json.values["model_type"] == with_registers)
        config.registers = reader.whole("num_register_tokens", 4, 1024);
    return config;
}

ModelDescription describe(const ModelSource& source) {
    ModelDescription model;
    model.preprocess =
        source.preprocessor.empty() ? usual_preprocess() : read_preprocess_spec(source.preprocessor);
    const VisionTransformerConfig config = read_vision(source.config, model.preprocess.crop_width);
    model.vision.network = config;
    std::vector<TensorName>& names = model.vision_tensors;
    add_names(names, rows, "", "");
    names.push_back({vision_positions, "embeddings.position_embeddings", whole, false, 1});
    names.back().grid = {config.grid(), 1, source.config.values["model_type"] == with_registers};
    if (config.registers > 0) {
        names.push_back(
            {"vision_model.embeddings.register_tokens", "embeddings.register_tokens", whole, false, 1});
    }
    add_blocks(names, block_rows, config.layers, vision_blocks, "encoder.layer.");
    model.ignores = [](const std::string& name) { return name == "embeddings.mask_token"; };
    return model;
}

}  // namespace

const ModelFamily dinov2_family{
    "DINOv2", "config.json of model_type dinov2 or dinov2_with_registers", false, recognises,
    describe, HuggingFaceForm{"BitImageProcessor", true, nullptr},
};

}  // namespace clipsim
