// The configs of open_clip and DINOv2, and OpenAI's files, which have none.
#include <gtest/gtest.h>

#include "archives.h"
#include "clipsim/core/error.h"
#include "clipsim/weights/dinov2_config.h"
#include "clipsim/weights/open_clip_config.h"
#include "clipsim/weights/openai_config.h"

namespace clipsim::testing {
namespace {

OpenClipConfig open_clip(const std::string& vision, const std::string& text = "{}",
                         const std::string& more = "") {
    return read_open_clip_config(parse_json(R"({"model_cfg": {"embed_dim": 16, "vision_cfg": )" + vision +
                                                R"(, "text_cfg": )" + text + more + "}}",
                                            "open_clip_config.json"));
}
std::string open_clip_refusal(const std::string& vision, const std::string& text = "{}",
                              const std::string& more = "") {
    const std::string message = message_of<UsageError>([&] { open_clip(vision, text, more); });
    EXPECT_NE(message.find("open_clip_config.json"), std::string::npos) << message;
    return message;
}

TEST(OpenClipConfig, ReadsTheTowersShapes) {
    const OpenClipConfig config = open_clip(
        R"({"image_size": 336, "layers": 3, "width": 96, "head_width": 32, "patch_size": 14, "mlp_ratio": 3.5})",
        R"({"context_length": 20, "vocab_size": 99, "width": 64, "heads": 4, "layers": 2})",
        R"(, "quick_gelu": true)");
    EXPECT_EQ(config.vision.heads, 3);
    EXPECT_EQ(config.vision.intermediate_size, 336);
    EXPECT_EQ(config.vision.positions(), 24 * 24 + 1);
    EXPECT_EQ(config.vision.projection_dim, 16);
    EXPECT_EQ(config.vision.activation, Activation::quick_gelu);
    EXPECT_EQ(config.text.heads, 4);
    EXPECT_EQ(config.text.context_length, 20);
    EXPECT_EQ(config.preprocess.crop_width, 336);
    EXPECT_EQ(open_clip("{}").vision.activation, Activation::gelu) << "open_clip's default";
    EXPECT_EQ(open_clip("{}").vision.patch_size, 16);
}

TEST(OpenClipConfig, OtherTowersAreRefusedByName) {
    EXPECT_NE(open_clip_refusal(R"({"layers": [3, 4, 6, 3]})").find("ResNet"), std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map"})")
                  .find("vit_base_patch16_siglip_224"),
              std::string::npos);
    EXPECT_NE(open_clip_refusal("{}", R"({"hf_model_name": "roberta-base"})").find("roberta-base"),
              std::string::npos);
    EXPECT_NE(open_clip_refusal("{}", "{}", R"(, "multimodal_cfg": {}})").find("open_clip"),
              std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"pool_type": "avg"})").find("pool_type"), std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"ls_init_value": 0.1})").find("ls_init_value"), std::string::npos);
    EXPECT_NE(open_clip_refusal("{}", R"({"no_causal_mask": true})").find("no_causal_mask"),
              std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"a_new_idea": 3})").find("a_new_idea"), std::string::npos);
}

TEST(OpenClipConfig, AnEfficientNetOfTimmsIsRead) {
    const VisionConfig vision =
        open_clip(
            R"({"timm_model_name": "tf_efficientnet_lite0", "timm_proj_bias": true, "image_size": 160})")
            .vision;
    ASSERT_TRUE(vision.efficientnet);
    EXPECT_TRUE(vision.efficientnet->projection_bias);
    EXPECT_EQ(vision.layers, 16);
    EXPECT_EQ(vision.hidden_size, 1280);
    EXPECT_EQ(vision.image_size, 160);
    EXPECT_EQ(vision.projection_dim, 16);
    EXPECT_FALSE(
        open_clip(R"({"timm_model_name": "tf_efficientnet_lite0"})").vision.efficientnet->projection_bias);
    EXPECT_TRUE(
        open_clip(R"({"timm_model_name": "tf_efficientnet_lite1", "timm_pool": ""})").vision.efficientnet);
    for (const char* other :
         {R"("timm_pool": "max")", R"("timm_pool": 3)", R"("timm_proj": "mlp")", R"("timm_idea": 1)"}) {
        const std::string message =
            open_clip_refusal(std::string(R"({"timm_model_name": "tf_efficientnet_lite0", )") + other + "}");
        EXPECT_NE(message.find("timm_"), std::string::npos) << message;
    }
}

TEST(OpenClipConfig, ValuesThatChangeNothingAreFine) {
    open_clip(R"({"ls_init_value": null, "pool_type": "tok", "no_ln_pre": false, "patch_dropout": 0.5})",
              R"({"pool_type": "argmax", "proj_type": "linear", "embed_cls": false})");
}

TEST(OpenClipConfig, BadValuesAreNamedByKey) {
    EXPECT_NE(open_clip_refusal(R"({"width": "wide"})").find("vision_cfg.width"), std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"width": 100})").find("head_width"), std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"image_size": [224, 336]})").find("image_size"), std::string::npos);
    EXPECT_NE(open_clip_refusal(R"({"mlp_ratio": 1e9})").find("mlp_ratio"), std::string::npos);
    EXPECT_NE(open_clip_refusal("3").find("vision_cfg"), std::string::npos);
}

VisionConfig dinov2(const std::string& keys, int image = 224) {
    return read_dinov2_config(parse_json(R"({"model_type": "dinov2")" + keys + "}", "config.json"), image);
}

TEST(Dinov2Config, IsATowerWithoutPreNormAndProjection) {
    const VisionConfig config =
        dinov2(R"(, "hidden_size": 384, "num_attention_heads": 6, "image_size": 518)");
    EXPECT_EQ(config.tokens(), 16 * 16 + 1) << "of the images that the preprocessing makes";
    EXPECT_EQ(config.projection_dim, 384);
    EXPECT_EQ(config.intermediate_size, 1536);
    EXPECT_EQ(config.layer_norm_eps, 1e-6);
    EXPECT_EQ(config.activation, Activation::gelu);
    EXPECT_TRUE(config.layer_scale);
    EXPECT_FALSE(config.pre_norm || config.has_projection);
}

TEST(Dinov2Config, RegistersAreTokensToo) {
    const JsonFile json = parse_json(R"({"model_type": "dinov2_with_registers"})", "config.json");
    EXPECT_TRUE(describes_dinov2(json));
    EXPECT_EQ(read_dinov2_config(json, 224).tokens(), 16 * 16 + 1 + 4);
}

TEST(Dinov2Config, WhatIsNotSupportedIsNamed) {
    EXPECT_NE(message_of<UsageError>([] { dinov2(R"(, "use_swiglu_ffn": true)"); }).find("giant"),
              std::string::npos);
    EXPECT_NE(message_of<UsageError>([] { dinov2("", 7); }).find("patch_size"), std::string::npos);
    EXPECT_FALSE(describes_dinov2(parse_json(R"({"model_type": 3})", "config.json")));
}

TEST(OpenAiConfig, WhatIsMissingOrAResNetIsNamed) {
    WeightsFile file;
    file.path = "RN50.pt";
    EXPECT_NE(message_of<UsageError>([&] { infer_openai_config(file); }).find("visual.conv1.weight"),
              std::string::npos);
    file.tensors["visual.layer1.0.conv1.weight"] = {};
    EXPECT_NE(message_of<UsageError>([&] { infer_openai_config(file); }).find("ResNet"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
