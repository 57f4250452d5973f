#include "open_clip_names.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "transformer_names.h"

namespace clipsim {

namespace {

constexpr int whole = TensorName::whole;

constexpr NameRow block_rows[] = {
    {"layer_norm1.*", "ln_1.*"},
    {"self_attn.q_proj.*", "attn.in_proj_*", 0},
    {"self_attn.k_proj.*", "attn.in_proj_*", 1},
    {"self_attn.v_proj.*", "attn.in_proj_*", 2},
    {"self_attn.out_proj.*", "attn.out_proj.*"},
    {"layer_norm2.*", "ln_2.*"},
    {"mlp.fc1.*", "mlp.c_fc.*"},
    {"mlp.fc2.*", "mlp.c_proj.*"},
};

constexpr NameRow vision_rows[] = {
    {"vision_model.embeddings.class_embedding", "visual.class_embedding"},
    {"vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"},
    {"vision_model.pre_layrnorm.*", "visual.ln_pre.*"},
    {"vision_model.post_layernorm.*", "visual.ln_post.*"},
    {"visual_projection.weight", "visual.proj", whole, true},
};

constexpr NameRow text_rows[] = {
    {"text_model.embeddings.token_embedding.weight", "token_embedding.weight"},
    {"text_model.embeddings.position_embedding.weight", "positional_embedding"},
    {"text_model.final_layer_norm.*", "ln_final.*"},
    {"text_projection.weight", "text_projection", whole, true},
};

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
