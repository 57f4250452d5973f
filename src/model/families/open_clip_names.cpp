#include "open_clip_names.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "transformer_names.h"

namespace clipsim {

namespace {

constexpr int whole = TensorName::whole;

constexpr std::array<NameRow, 16> block_rows{{
    {"layer_norm1.weight", "ln_1.weight"},
    {"layer_norm1.bias", "ln_1.bias"},
    {"self_attn.q_proj.weight", "attn.in_proj_weight", 0},
    {"self_attn.q_proj.bias", "attn.in_proj_bias", 0},
    {"self_attn.k_proj.weight", "attn.in_proj_weight", 1},
    {"self_attn.k_proj.bias", "attn.in_proj_bias", 1},
    {"self_attn.v_proj.weight", "attn.in_proj_weight", 2},
    {"self_attn.v_proj.bias", "attn.in_proj_bias", 2},
    {"self_attn.out_proj.weight", "attn.out_proj.weight"},
    {"self_attn.out_proj.bias", "attn.out_proj.bias"},
    {"layer_norm2.weight", "ln_2.weight"},
    {"layer_norm2.bias", "ln_2.bias"},
    {"mlp.fc1.weight", "mlp.c_fc.weight"},
    {"mlp.fc1.bias", "mlp.c_fc.bias"},
    {"mlp.fc2.weight", "mlp.c_proj.weight"},
    {"mlp.fc2.bias", "mlp.c_proj.bias"},
}};

constexpr std::array<NameRow, 7> vision_rows{{
    {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
    {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
    {"vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"},
    {"vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"},
    {"vision_model.post_layernorm.weight", "visual.ln_post.weight"},
    {"vision_model.post_layernorm.bias", "visual.ln_post.bias"},
    {"visual_projection.weight", "visual.proj", whole, true},
}};

constexpr std::array<NameRow, 5> text_rows{{
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
    {"text_model.final_layer_norm.weight", "ln_final.weight"},
    {"text_model.final_layer_norm.bias", "ln_final.bias"},
    {"text_projection.weight", "text_projection", whole, true},
}};

}  // namespace

std::vector<TensorName> open_clip_vision_names(const VisionTransformerConfig& config) {
    std::vector<TensorName> names;
    add_names(names, vision_rows, "", "");
    names.push_back({vision_positions, "visual.positional_embedding"});
    names.back().grid = {config.grid()};
    add_blocks(names, block_rows, config.layers, vision_blocks, "visual.transformer.resblocks.");
    return names;
}

std::vector<TensorName> open_clip_text_names(const TextConfig& config, const std::string& prefix) {
    std::vector<TensorName> names;
    add_names(names, text_rows, "", prefix);
    add_blocks(names, block_rows, config.layers, text_blocks, prefix + "transformer.resblocks.");
    return names;
}

std::string open_clip_text_prefix(const WeightsFile& weights) {
    return weights.contains("text.token_embedding.weight") ? "text." : "";
}

bool ignored_in_open_clip(const std::string& name) {
    static constexpr std::array<std::string_view, 7> ignored{
        "logit_scale", "logit_bias", "input_resolution", "context_length",
        "vocab_size",  "attn_mask",  "text.attn_mask"};
    return std::ranges::find(ignored, name) != ignored.end();
}

}  // namespace clipsim
