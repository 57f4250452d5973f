#include <gtest/gtest.h>

#include <array>

#include "clipsim/core/error.h"
#include "described.h"

namespace clipsim::testing {
namespace {

// The refusal names all that would have been recognised.
void expect_all_families(const std::string& message) {
    for (const ModelFamily* family : model_families()) {
        EXPECT_NE(message.find(family->name), std::string::npos) << message;
        EXPECT_NE(message.find(family->recognised_by), std::string::npos) << message;
    }
}

TEST(ModelFamilies, EachIsRecognisedByItsConfig) {
    constexpr ModelFormat hugging_face = ModelFormat::hugging_face;
    EXPECT_STREQ(described(hugging_face, R"({"model_type": "clip", "vision_config": {}})").family->name,
                 "CLIP");
    EXPECT_STREQ(described(hugging_face, R"({"vision_config": {}})").family->name, "CLIP");
    EXPECT_STREQ(open_clip("{}").family->name, "CLIP");
    EXPECT_STREQ(open_clip(R"({"timm_model_name": "tf_efficientnet_lite0"})").family->name,
                 "CLIP (EfficientNet-Lite)");
    for (const char* type : {"dinov2", "dinov2_with_registers"}) {
        const ModelDescription model =
            described(hugging_face, std::string(R"({"model_type": ")") + type + "\"}");
        EXPECT_STREQ(model.family->name, "DINOv2");
        EXPECT_EQ(model.format, hugging_face);
    }
}

TEST(ModelFamilies, AnUnknownModelTypeIsNamedAndSoIsWhatIsKnown) {
    for (const char* config : {R"({"model_type": "siglip", "vision_config": {}})", R"({"model_type": 3})"}) {
        const std::string message =
            message_of<UsageError>([&] { described(ModelFormat::hugging_face, config); });
        EXPECT_TRUE(message.starts_with("config.json: model_type ")) << message;
        expect_all_families(message);
    }
}

TEST(ModelFamilies, AnUnknownTowerOfTimmsIsNamedAndSoIsWhatIsKnown) {
    const std::string message =
        open_clip_refusal(R"({"timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map"})");
    EXPECT_NE(message.find("vit_base_patch16_siglip_224"), std::string::npos) << message;
    expect_all_families(message);
}

TEST(ModelFamilies, OneMoreIsAskedInItsPlaceInTheTable) {
    const ModelFamily made_up{
        "Made-up",
        "model_type made_up",
        false,
        [](const ModelSource& source) { return source.config.values.value("model_type", "") == "made_up"; },
        [](const ModelSource&) {
            ModelDescription model;
            model.preprocess = PreprocessSpec::square(32);
            return model;
        },
        std::nullopt};
    std::vector<const ModelFamily*> families(model_families().begin(), model_families().end());
    families.push_back(&made_up);
    const WeightsFile weights;
    const auto family_of = [&](const std::string& config) {
        return describe_source({ModelFormat::hugging_face, parse_json(config, "config.json"), {}, weights},
                               families)
            .family;
    };
    EXPECT_EQ(family_of(R"({"model_type": "made_up"})"), &made_up);
    EXPECT_STREQ(family_of(R"({"model_type": "dinov2"})")->name, "DINOv2");
    const std::string message = message_of<UsageError>([&] { family_of(R"({"model_type": "other"})"); });
    EXPECT_NE(message.find("Made-up (model_type made_up)"), std::string::npos) << message;
}

}  // namespace
}  // namespace clipsim::testing
