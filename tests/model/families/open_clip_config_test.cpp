#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "described.h"

namespace clipsim::testing {
namespace {

TEST(OpenClipConfig, ReadsTheTowersShapes) {
    const ModelDescription config = open_clip(
        R"({"image_size": 336, "layers": 3, "width": 96, "head_width": 32, "patch_size": 14, "mlp_ratio": 3.5})",
        R"({"context_length": 20, "vocab_size": 99, "width": 64, "heads": 4, "layers": 2})",
        R"(, "quick_gelu": true)");
    const VisionTransformerConfig vision = transformer_of(config);
    EXPECT_EQ(vision.heads, 3);
    EXPECT_EQ(vision.intermediate_size, 336);
    EXPECT_EQ(vision.positions(), 24 * 24 + 1);
    EXPECT_EQ(vision.projection_dim, 16);
    EXPECT_EQ(vision.activation, Activation::quick_gelu);
    EXPECT_EQ(config.text->heads, 4);
    EXPECT_EQ(config.text->context_length, 20);
    EXPECT_EQ(config.preprocess.crop_width, 336);
    EXPECT_EQ(transformer_of(open_clip("{}")).activation, Activation::gelu) << "open_clip's default";
    EXPECT_EQ(transformer_of(open_clip("{}")).patch_size, 16);
}

TEST(OpenClipConfig, OtherTowersAreRefusedByName) {
    EXPECT_NE(open_clip_refusal(R"({"layers": [3, 4, 6, 3]})").find("ResNet"), std::string::npos);
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

}  // namespace
}  // namespace clipsim::testing
