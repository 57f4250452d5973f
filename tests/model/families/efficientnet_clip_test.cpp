#include <gtest/gtest.h>

#include <set>

#include "clipsim/core/error.h"
#include "described.h"
#include "timm_shapes.h"

namespace clipsim::testing {
namespace {

EfficientNetConfig network_of(const std::string& vision) {
    return std::get<EfficientNetConfig>(open_clip(vision).vision.network);
}

TEST(EfficientNetClip, ShapesAndPoolingAreThoseOfItsConfig) {
    const EfficientNetConfig vision = network_of(
        R"({"timm_model_name": "tf_efficientnet_lite0", "timm_proj_bias": true, "image_size": 160})");
    EXPECT_TRUE(vision.projection_bias);
    EXPECT_EQ(vision.blocks.size(), 16U);
    EXPECT_EQ(vision.head_channels, 1280);
    EXPECT_EQ(vision.image_size, 160);
    EXPECT_EQ(vision.projection_dim, 16);
    EXPECT_FALSE(network_of(R"({"timm_model_name": "tf_efficientnet_lite0"})").projection_bias);
    EXPECT_FALSE(
        network_of(R"({"timm_model_name": "tf_efficientnet_lite1", "timm_pool": ""})").blocks.empty());
    for (const char* other :
         {R"("timm_pool": "max")", R"("timm_pool": 3)", R"("timm_proj": "mlp")", R"("timm_idea": 1)"}) {
        const std::string message =
            open_clip_refusal(std::string(R"({"timm_model_name": "tf_efficientnet_lite0", )") + other + "}");
        EXPECT_NE(message.find("timm_"), std::string::npos) << message;
    }
}

class EfficientNetClipNames : public ::testing::TestWithParam<std::string> {};

TEST_P(EfficientNetClipNames, EveryTensorOfTimmsHasAPlaceInTheTower) {
    const ModelDescription model = open_clip(R"({"timm_model_name": ")" + GetParam() + "\"}");
    std::set<std::string> named;
    for (const TensorName& name : model.vision_tensors) {
        named.insert(name.file);
        if (!name.batch_norm) continue;
        for (const char* part : {".weight", ".bias", ".running_mean", ".running_var"})
            named.insert(name.batch_norm->file + part);
    }
    std::set<std::string> expected{"visual.head.proj.weight"};
    for (const auto& [name, shape] : shapes_of_timm(GetParam())) expected.insert("visual.trunk." + name);
    EXPECT_EQ(named, expected);
}

INSTANTIATE_TEST_SUITE_P(All, EfficientNetClipNames, ::testing::ValuesIn(efficientnet_lites));

}  // namespace
}  // namespace clipsim::testing
