// The EfficientNet-Lite0 in the box against open_clip and timm: see make_lite_fixtures.py.
#include "towers/efficientnet.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/model/embedder.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

constexpr const char* lite = CLIPSIM_SOURCE_DIR "/models/clip-lite";
constexpr int blocks = 16;

ClipModel load_lite() {
    return load_clip_model(find_model(lite));
}
torch::Tensor expected(const std::string& tensor) {
    return golden("clip_lite", tensor);
}
// As a share of the largest value.
double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
    return largest_difference(a, b) / b.abs().max().item<double>();
}

TEST(EfficientNet, EqualsOpenClips) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor embeds = load_lite().tower->forward(expected("pixels"));
    EXPECT_LT(relative_difference(embeds, expected("image_embeds")), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, expected("image_embeds")), 0.99999);
}

TEST(EfficientNet, SentencesAreOpenClips) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor embeds = load_text_tower(find_model(lite))->forward(expected("text_ids"));
    EXPECT_LT(relative_difference(embeds, expected("text_embeds")), 1e-4);
    EXPECT_GT(lowest_cosine(embeds, expected("text_embeds")), 0.99999);
}

TEST(EfficientNet, EntersItsBlocksWithWhatTimmsDoes) {
    const torch::NoGradGuard no_grad;
    ClipModel model = load_lite();
    const torch::Tensor first = expected("hidden_0");  // the upper rows of the first picture's map
    const torch::Tensor stem =
        model.tower->forward_to(expected("pixels").slice(0, 0, 1), 0).slice(1, 0, first.size(1));
    EXPECT_LT(relative_difference(stem, first), 1e-4);
    EXPECT_LT(relative_difference(model.tower->forward_to(expected("pixels"), 11), expected("hidden_11")),
              1e-4);
    const torch::Tensor pooled = model.tower->forward_to(expected("pixels"), blocks).squeeze(1);
    EXPECT_LT(relative_difference(pooled, expected("pooled")), 1e-4);
}

TEST(EfficientNet, InTwoStepsIsTheSameAtEveryBoundary) {
    const torch::NoGradGuard no_grad;
    ClipModel model = load_lite();
    ASSERT_EQ(model.tower->layers(), blocks);
    for (int boundary = 0; boundary <= blocks; ++boundary) {
        const torch::Tensor tokens = model.tower->forward_to(expected("pixels"), boundary);
        const TokenShape shape = model.tower->shape_at(boundary);
        EXPECT_EQ(tokens.sizes(), torch::IntArrayRef({3, shape.tokens, shape.width})) << boundary;
        // A copy, as out of a cache.
        const torch::Tensor embeds = model.tower->forward_from(tokens.contiguous().clone(), boundary);
        EXPECT_LT(relative_difference(embeds, expected("image_embeds")), 1e-4) << boundary;
    }
}

TEST(EfficientNet, AnImageHasTheSameEmbeddingInEveryBatch) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor alone = load_lite().tower->forward(expected("pixels").slice(0, 1, 2));
    EXPECT_LT(relative_difference(alone, expected("image_embeds").slice(0, 1, 2)), 1e-4);
}

TEST(EfficientNet, FreezingLeavesGradientsToTheLastBlocksAlone) {
    ClipModel model = load_lite();
    model.tower->freeze_before(14);
    model.tower->forward(expected("pixels")).square().sum().backward();
    const std::map<std::string, torch::Tensor> trainable = model.tower->tensors_from(14);
    EXPECT_TRUE(trainable.contains("vision_model.blocks.14.depthwise.weight"));
    EXPECT_TRUE(trainable.contains("vision_model.head.bias"));
    EXPECT_TRUE(trainable.contains("visual_projection.weight"));
    EXPECT_FALSE(trainable.contains("vision_model.blocks.13.depthwise.weight"));
    std::size_t with_gradient = 0;
    for (const torch::Tensor& parameter : model.tower->parameters())
        with_gradient += parameter.grad().defined();
    EXPECT_EQ(with_gradient, trainable.size());
    for (const auto& [name, tensor] : trainable)
        EXPECT_GT(tensor.grad().abs().max().item<double>(), 0) << name;
    EXPECT_TRUE(model.tower->tensors_from(blocks).empty());
}

TEST(EfficientNet, CheckpointingGivesTheGradientsOfThePlainPass) {
    const auto gradients = [](bool checkpointing) {
        ClipModel model = load_lite();
        torch::Tensor tokens = expected("hidden_11").requires_grad_(true);
        model.tower->freeze_before(11);
        model.tower->forward_from(tokens, 11, checkpointing).sin().sum().backward();
        std::map<std::string, torch::Tensor> result{{"tokens", tokens.grad()}};
        for (const auto& [name, tensor] : model.tower->tensors_from(11)) result[name] = tensor.grad();
        return result;
    };
    const auto plain = gradients(false), checkpointed = gradients(true);
    ASSERT_EQ(plain.size(), checkpointed.size());
    for (const auto& [name, gradient] : plain)
        EXPECT_LT(relative_difference(checkpointed.at(name), gradient), 1e-5) << name;
}

TEST(EfficientNet, Bf16StaysCloseAndInt8IsRefused) {
    const torch::NoGradGuard no_grad;
    ClipModel model = load_lite();
    EXPECT_NE(message_of<UsageError>([&] { model.tower->quantize(); }).find("int8"), std::string::npos);
    model.tower->to(torch::kBFloat16);
    const torch::Tensor embeds = model.tower->forward(expected("pixels")).to(torch::kFloat32);
    EXPECT_GT(lowest_cosine(embeds, expected("image_embeds")), 0.99);
}

TEST(EfficientNet, ACheckpointOfItsLastBlocksIsReadAgain) {
    const TemporaryFolder folder;
    ClipModel model = load_lite();
    const torch::NoGradGuard no_grad;
    for (auto& [name, tensor] : model.tower->tensors_from(15)) tensor.mul_(1.1);
    const ProjectionHead head(128, 8);
    save_checkpoint(folder / "model.safetensors", {model.id, model.hash, 8, 15, 1}, model.tower, head);
    ClipModel again = load_lite();
    load_checkpoint(folder / "model.safetensors", again);
    EXPECT_TRUE(
        torch::equal(again.tower->forward(expected("pixels")), model.tower->forward(expected("pixels"))));
    EXPECT_LT(lowest_cosine(again.tower->forward(expected("pixels")), expected("image_embeds")), 0.9999);
}

class DamagedEfficientNet : public ::testing::Test {
  protected:
    template <typename Change>
    std::string refusal(Change&& change) const {
        const std::filesystem::path file = world_ / "lite" / "open_clip_model.safetensors";
        std::filesystem::copy(lite, world_ / "lite");
        std::map<std::string, torch::Tensor> tensors;
        {
            const SafetensorsFile read(file);
            for (const std::string& name : read.names()) tensors[name] = read.tensor(name).clone();
        }
        change(tensors);
        write_safetensors(file, tensors, {});
        return message_of<UsageError>([&] { load_clip_model(find_model((world_ / "lite").string())); });
    }
    TemporaryFolder world_;
};

using Tensors = std::map<std::string, torch::Tensor>;

TEST_F(DamagedEfficientNet, AMissingPartOfABatchNormIsNamedAsTheFileCallsIt) {
    const std::string name = "visual.trunk.blocks.3.1.bn2.running_var";
    EXPECT_NE(refusal([&](Tensors& tensors) { tensors.erase(name); }).find(name), std::string::npos);
}

TEST_F(DamagedEfficientNet, AMisshapenPartOfABatchNormIsNamedWithBothShapes) {
    const std::string message =
        refusal([](Tensors& tensors) { tensors["visual.trunk.bn1.running_mean"] = torch::zeros({33}); });
    EXPECT_NE(message.find("visual.trunk.bn1.running_mean has the shape [33], expected [32]"),
              std::string::npos)
        << message;
}

TEST_F(DamagedEfficientNet, ATensorOfAnotherNetworkIsRefused) {
    const std::string name = "visual.trunk.blocks.3.1.se.conv_reduce.weight";  // EfficientNet without Lite
    EXPECT_NE(refusal([&](Tensors& tensors) {
                  tensors[name] = torch::zeros({4, 4, 1, 1});
              }).find(name),
              std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
