#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "described.h"

namespace clipsim::testing {
namespace {

class Clip : public ::testing::Test {
  protected:
    VisionTransformerConfig read(const std::string& json) const {
        return transformer_of(described(ModelFormat::hugging_face, json));
    }
    // The message of the refusal; it has to name the file.
    std::string refusal(const std::string& json) const {
        try {
            read(json);
            return {};
        } catch (const UsageError& error) {
            EXPECT_NE(std::string(error.what()).find("config.json"), std::string::npos) << error.what();
            return error.what();
        }
    }
};

TEST_F(Clip, ReadsEveryKey) {
    const VisionTransformerConfig config =
        read(R"({"projection_dim": 24, "vision_config": {"image_size": 32, "patch_size": 8,
        "hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96,
        "layer_norm_eps": 1e-6, "hidden_act": "gelu"}})");
    EXPECT_EQ(config.image_size, 32);
    EXPECT_EQ(config.patch_size, 8);
    EXPECT_EQ(config.hidden_size, 48);
    EXPECT_EQ(config.layers, 3);
    EXPECT_EQ(config.heads, 4);
    EXPECT_EQ(config.intermediate_size, 96);
    EXPECT_EQ(config.projection_dim, 24);
    EXPECT_EQ(config.layer_norm_eps, 1e-6);
    EXPECT_EQ(config.activation, Activation::gelu);
    EXPECT_EQ(config.tokens(), 17);
}

TEST_F(Clip, WhatIsLeftOutIsHuggingFacesDefault) {
    const VisionTransformerConfig config = read(R"({"vision_config": {}})");
    EXPECT_EQ(config.image_size, 224);
    EXPECT_EQ(config.patch_size, 32);
    EXPECT_EQ(config.hidden_size, 768);
    EXPECT_EQ(config.layers, 12);
    EXPECT_EQ(config.projection_dim, 512);
    EXPECT_EQ(config.activation, Activation::quick_gelu);
}

TEST_F(Clip, KnowsTheSizesOfLargerModels) {
    const VisionTransformerConfig config =
        read(R"({"projection_dim": 768, "vision_config": {"hidden_size": 1024,
        "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24, "patch_size": 14}})");
    EXPECT_EQ(config.tokens(), 257);
}

TEST_F(Clip, BadValuesAreNamedByKey) {
    EXPECT_NE(refusal(R"({"vision_config": {"hidden_size": "wide"}})").find("vision_config.hidden_size"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"num_hidden_layers": 0}})").find("num_hidden_layers"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"num_hidden_layers": 1000000}})").find("num_hidden_layers"),
              std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"hidden_act": "relu"}})").find("\"relu\""), std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"num_attention_heads": 7}})").find("divisor"), std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"patch_size": 300}})").find("patch_size"), std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"num_channels": 1}})").find("num_channels"), std::string::npos);
    EXPECT_NE(refusal(R"({"vision_config": {"layer_norm_eps": -1}})").find("layer_norm_eps"),
              std::string::npos);
}

TEST_F(Clip, WhatIsNoClipIsRefused) {
    EXPECT_NE(refusal("{}").find("not the config.json of a CLIP"), std::string::npos);
    EXPECT_NE(refusal("[1]"), "");
    EXPECT_NE(refusal("{\"vision_config\": "), "");
    EXPECT_NE(refusal(""), "");
}

TEST(ClipOfOpenAi, WhatIsMissingOrAResNetIsNamed) {
    WeightsFile file;
    const auto refusal = [&] {
        return message_of<UsageError>([&] { described(ModelFormat::openai, "{}", {}, file); });
    };
    file.path = "RN50.pt";
    EXPECT_NE(refusal().find("visual.conv1.weight"), std::string::npos);
    file.tensors["visual.layer1.0.conv1.weight"] = {};
    EXPECT_NE(refusal().find("ResNet"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
