#include "clipsim/model/vision_tower.h"

#include <gtest/gtest.h>

#include "model/model_fixtures.h"

namespace clipsim::testing {
namespace {

class GoldenTower : public ::testing::TestWithParam<std::string> {
  protected:
    ClipModel model_ = golden_model(GetParam());
    torch::Tensor pixels_ = golden(GetParam(), "pixels");
    torch::Tensor expected_ = golden(GetParam(), "image_embeds");
};

TEST_P(GoldenTower, EqualsHuggingFacesClipModel) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor embeds = model_.tower->forward(pixels_);
    EXPECT_LT(largest_difference(embeds, expected_), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, expected_), 0.99999);
}

TEST_P(GoldenTower, EntersTheSecondBlockWithWhatHuggingFaceDoes) {
    const torch::NoGradGuard no_grad;
    EXPECT_LT(largest_difference(model_.tower->forward_to(pixels_, 1), golden(GetParam(), "hidden_1")), 1e-4);
}

TEST_P(GoldenTower, InTwoStepsIsTheSameAtEveryBoundary) {
    const torch::NoGradGuard no_grad;
    for (int boundary = 0; boundary <= model_.tower->layers(); ++boundary) {
        const torch::Tensor tokens = model_.tower->forward_to(pixels_, boundary);
        EXPECT_LT(largest_difference(model_.tower->forward_from(tokens, boundary), expected_), 1e-4)
            << boundary;
    }
}

TEST_P(GoldenTower, AnImageHasTheSameEmbeddingInEveryBatch) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor alone = model_.tower->forward(pixels_.slice(0, 1, 2));
    EXPECT_LT(largest_difference(alone, expected_.slice(0, 1, 2)), 1e-4);
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTower, ::testing::ValuesIn(golden_models));

TEST(VisionTower, TheModelInTheBoxEqualsHuggingFaces) {
    const torch::NoGradGuard no_grad;
    ClipModel nano = load_clip_model(find_model(CLIPSIM_SOURCE_DIR "/models/clip-nano"));
    const torch::Tensor embeds = nano.tower->forward(golden("clip_nano", "pixels"));
    EXPECT_LT(largest_difference(embeds, golden("clip_nano", "image_embeds")), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, golden("clip_nano", "image_embeds")), 0.99999);
}

TEST(VisionTower, FreezingLeavesGradientsToTheLastBlocksAlone) {
    ClipModel model = golden_model("quick_gelu_fp32");
    model.tower->freeze_before(2);
    model.tower->forward(golden("quick_gelu_fp32", "pixels")).square().sum().backward();
    const std::map<std::string, torch::Tensor> trainable = model.tower->tensors_from(2);
    EXPECT_TRUE(trainable.contains("visual_projection.weight"));
    EXPECT_TRUE(trainable.contains("vision_model.post_layernorm.bias"));
    EXPECT_TRUE(trainable.contains("vision_model.encoder.layers.2.mlp.fc1.weight"));
    EXPECT_FALSE(trainable.contains("vision_model.encoder.layers.1.mlp.fc1.weight"));
    std::size_t with_gradient = 0;
    for (const torch::Tensor& parameter : model.tower->parameters())
        with_gradient += parameter.grad().defined();
    EXPECT_EQ(with_gradient, trainable.size());
    for (const auto& [name, tensor] : trainable) EXPECT_TRUE(tensor.grad().defined()) << name;
}

TEST(VisionTower, FreezingAllLeavesNothingTrainable) {
    ClipModel model = golden_model("gelu_fp32");
    model.tower->freeze_before(2);
    EXPECT_TRUE(model.tower->tensors_from(2).empty());
    for (const torch::Tensor& parameter : model.tower->parameters()) EXPECT_FALSE(parameter.requires_grad());
}

TEST(VisionTower, Int8StaysCloseToFp32) {
    const torch::NoGradGuard no_grad;
    ClipModel nano = load_clip_model(find_model(CLIPSIM_SOURCE_DIR "/models/clip-nano"));
    nano.tower->quantize();
    const torch::Tensor embeds = nano.tower->forward(golden("clip_nano", "pixels"));
    EXPECT_GT(lowest_cosine(embeds, golden("clip_nano", "image_embeds")), 0.99);
    EXPECT_GT(largest_difference(embeds, golden("clip_nano", "image_embeds")), 0) << "it did quantize";
}

TEST(VisionTower, Bf16StaysCloseToFp32) {
    const torch::NoGradGuard no_grad;
    ClipModel nano = load_clip_model(find_model(CLIPSIM_SOURCE_DIR "/models/clip-nano"));
    nano.tower->to(torch::kBFloat16);
    const torch::Tensor embeds = nano.tower->forward(golden("clip_nano", "pixels")).to(torch::kFloat32);
    EXPECT_GT(lowest_cosine(embeds, golden("clip_nano", "image_embeds")), 0.99);
}

}  // namespace
}  // namespace clipsim::testing
