#include "clipsim/weights/tensor_names.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace clipsim {

namespace {

constexpr int whole = TensorName::whole;

// One parameter a row. nullptr: that layout has none. `part` is for open_clip, `ones` for DINOv2.
struct Row {
    const char* tower;
    const char* open_clip;
    const char* dinov2;
    int part = whole;
    bool transposed = false;
    int ones = 0;
};

constexpr std::array<Row, 18> block_rows{{
    {"layer_norm1.weight", "ln_1.weight", "norm1.weight"},
    {"layer_norm1.bias", "ln_1.bias", "norm1.bias"},
    {"self_attn.q_proj.weight", "attn.in_proj_weight", "attention.attention.query.weight", 0},
    {"self_attn.q_proj.bias", "attn.in_proj_bias", "attention.attention.query.bias", 0},
    {"self_attn.k_proj.weight", "attn.in_proj_weight", "attention.attention.key.weight", 1},
    {"self_attn.k_proj.bias", "attn.in_proj_bias", "attention.attention.key.bias", 1},
    {"self_attn.v_proj.weight", "attn.in_proj_weight", "attention.attention.value.weight", 2},
    {"self_attn.v_proj.bias", "attn.in_proj_bias", "attention.attention.value.bias", 2},
    {"self_attn.out_proj.weight", "attn.out_proj.weight", "attention.output.dense.weight"},
    {"self_attn.out_proj.bias", "attn.out_proj.bias", "attention.output.dense.bias"},
    {"layer_scale1", nullptr, "layer_scale1.lambda1"},
    {"layer_norm2.weight", "ln_2.weight", "norm2.weight"},
    {"layer_norm2.bias", "ln_2.bias", "norm2.bias"},
    {"mlp.fc1.weight", "mlp.c_fc.weight", "mlp.fc1.weight"},
    {"mlp.fc1.bias", "mlp.c_fc.bias", "mlp.fc1.bias"},
    {"mlp.fc2.weight", "mlp.c_proj.weight", "mlp.fc2.weight"},
    {"mlp.fc2.bias", "mlp.c_proj.bias", "mlp.fc2.bias"},
    {"layer_scale2", nullptr, "layer_scale2.lambda1"},
}};

constexpr std::array<Row, 10> vision_rows{{
    {"vision_model.embeddings.class_embedding", "visual.class_embedding", "embeddings.cls_token", whole,
     false, 2},
    {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight",
     "embeddings.patch_embeddings.projection.weight"},
    {"vision_model.embeddings.patch_embedding.bias", nullptr, "embeddings.patch_embeddings.projection.bias"},
    {vision_positions, "visual.positional_embedding", "embeddings.position_embeddings", whole, false, 1},
    {"vision_model.embeddings.register_tokens", nullptr, "embeddings.register_tokens", whole, false, 1},
    {"vision_model.pre_layrnorm.weight", "visual.ln_pre.weight", nullptr},
    {"vision_model.pre_layrnorm.bias", "visual.ln_pre.bias", nullptr},
    {"vision_model.post_layernorm.weight", "visual.ln_post.weight", "layernorm.weight"},
    {"vision_model.post_layernorm.bias", "visual.ln_post.bias", "layernorm.bias"},
    {"visual_projection.weight", "visual.proj", nullptr, whole, true},
}};

constexpr std::array<Row, 5> text_rows{{
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight", nullptr},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding", nullptr},
    {"text_model.final_layer_norm.weight", "ln_final.weight", nullptr},
    {"text_model.final_layer_norm.bias", "ln_final.bias", nullptr},
    {"text_projection.weight", "text_projection", nullptr, whole, true},
}};

// What only some towers have.
bool has(const VisionConfig& config, std::string_view tower_name) {
    if (tower_name.ends_with("patch_embedding.bias")) return config.patch_bias;
    if (tower_name.ends_with("register_tokens")) return config.registers > 0;
    return true;
}

// Adds one row in the names of a layout, with what stands before it in tower and file.
void add(std::vector<TensorName>& names, TensorLayout layout, const Row& row, const std::string& tower_prefix,
         const std::string& file_prefix) {
    const std::string tower = tower_prefix + row.tower;
    if (layout == TensorLayout::hugging_face) {
        names.push_back({tower, tower});
    } else if (layout == TensorLayout::dinov2) {
        if (row.dinov2 != nullptr) names.push_back({tower, file_prefix + row.dinov2, whole, false, row.ones});
    } else if (row.open_clip != nullptr) {
        names.push_back({tower, file_prefix + row.open_clip, row.part, row.transposed});
    }
}

void add_blocks(std::vector<TensorName>& names, TensorLayout layout, const TransformerConfig& config,
                const std::string& tower_prefix, const std::string& file_prefix) {
    for (int block = 0; block < config.layers; ++block) {
        const std::string number = std::to_string(block) + '.';
        for (const Row& row : block_rows) {
            if (!config.layer_scale && std::string_view(row.tower).starts_with("layer_scale")) continue;
            add(names, layout, row, tower_prefix + number, file_prefix + number);
        }
    }
}

void add_convolution(std::vector<TensorName>& names, const std::string& tower, const std::string& convolution,
                     const std::string& batch_norm) {
    const std::string trunk = "visual.trunk.";
    names.push_back(
        {tower + ".weight", trunk + convolution + ".weight", whole, false, 0, trunk + batch_norm});
    names.push_back({tower + ".bias", trunk + batch_norm + ".bias", whole, false, 0, trunk + batch_norm});
}

// timm's names, under what open_clip puts before them.
std::vector<TensorName> efficientnet_tensor_names(const EfficientNetConfig& config) {
    std::vector<TensorName> names;
    add_convolution(names, "vision_model.stem", "conv_stem", "bn1");
    for (std::size_t i = 0; i < config.blocks.size(); ++i) {
        const std::string tower = "vision_model.blocks." + std::to_string(i);
        const std::string file = config.blocks[i].timm_name;
        const bool expands = config.blocks[i].expands();
        if (expands) add_convolution(names, tower + ".expand", file + ".conv_pw", file + ".bn1");
        add_convolution(names, tower + ".depthwise", file + ".conv_dw", file + (expands ? ".bn2" : ".bn1"));
        add_convolution(names, tower + ".project", file + (expands ? ".conv_pwl" : ".conv_pw"),
                        file + (expands ? ".bn3" : ".bn2"));
    }
    add_convolution(names, "vision_model.head", "conv_head", "bn2");
    names.push_back({"visual_projection.weight", "visual.head.proj.weight"});
    if (config.projection_bias) names.push_back({"visual_projection.bias", "visual.head.proj.bias"});
    return names;
}

}  // namespace

std::vector<TensorName> vision_tensor_names(TensorLayout layout, const VisionConfig& config) {
    if (config.efficientnet) return efficientnet_tensor_names(*config.efficientnet);
    std::vector<TensorName> names;
    for (const Row& row : vision_rows) {
        if (has(config, row.tower)) add(names, layout, row, "", "");
    }
    add_blocks(names, layout, config, "vision_model.encoder.layers.",
               layout == TensorLayout::dinov2 ? "encoder.layer." : "visual.transformer.resblocks.");
    return names;
}

std::vector<TensorName> text_tensor_names(TensorLayout layout, const TextConfig& config) {
    const std::string prefix = layout == TensorLayout::open_clip_custom ? "text." : "";
    std::vector<TensorName> names;
    for (const Row& row : text_rows) add(names, layout, row, "", prefix);
    add_blocks(names, layout, config, "text_model.encoder.layers.", prefix + "transformer.resblocks.");
    return names;
}

bool is_of_no_matter(TensorLayout layout, const std::string& name) {
    static constexpr std::array<std::string_view, 6> open_clip{
        "logit_scale", "logit_bias", "input_resolution", "context_length", "vocab_size", "attn_mask"};
    if (layout == TensorLayout::dinov2) return name == "embeddings.mask_token";
    if (layout == TensorLayout::hugging_face)
        return name == "logit_scale" || name.ends_with(".embeddings.position_ids");
    if (name.starts_with("visual.trunk.") && name.ends_with(".num_batches_tracked")) return true;
    return name == "text.attn_mask" || std::ranges::find(open_clip, name) != open_clip.end();
}

}  // namespace clipsim
