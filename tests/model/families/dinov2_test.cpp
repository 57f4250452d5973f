#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "described.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

ModelDescription dinov2(const std::string& keys, const std::filesystem::path& preprocessor = {}) {
    return described(ModelFormat::hugging_face, R"({"model_type": "dinov2")" + keys + "}", preprocessor);
}

TEST(Dinov2, IsATowerWithoutPreNormAndProjection) {
    const ModelDescription model =
        dinov2(R"(, "hidden_size": 384, "num_attention_heads": 6, "image_size": 518)");
    const VisionTransformerConfig config = transformer_of(model);
    EXPECT_EQ(config.tokens(), 16 * 16 + 1) << "of the images that the preprocessing makes";
    EXPECT_EQ(config.projection_dim, 384);
    EXPECT_EQ(config.intermediate_size, 1536);
    EXPECT_EQ(config.layer_norm_eps, 1e-6);
    EXPECT_EQ(config.activation, Activation::gelu);
    EXPECT_TRUE(config.layer_scale);
    EXPECT_FALSE(config.pre_norm || config.has_projection);
    EXPECT_FALSE(model.text);
    EXPECT_EQ(model.preprocess.short_side, 256) << "what it comes with";
}

TEST(Dinov2, RegistersAreTokensToo) {
    const ModelDescription model =
        described(ModelFormat::hugging_face, R"({"model_type": "dinov2_with_registers"})");
    EXPECT_EQ(transformer_of(model).tokens(), 16 * 16 + 1 + 4);
}

TEST(Dinov2, WhatIsNotSupportedIsNamed) {
    EXPECT_NE(message_of<UsageError>([] { dinov2(R"(, "use_swiglu_ffn": true)"); }).find("giant"),
              std::string::npos);
    const TemporaryFolder folder;
    write_text(folder / "preprocessor_config.json", R"({"size": 7})");
    EXPECT_NE(
        message_of<UsageError>([&] { dinov2("", folder / "preprocessor_config.json"); }).find("patch_size"),
        std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
