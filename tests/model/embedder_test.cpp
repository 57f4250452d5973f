#include "clipsim/model/embedder.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

constexpr const char* nano = CLIPSIM_SOURCE_DIR "/models/clip-nano";

ModelConfig config_of(const std::string& clip, Precision precision = Precision::fp32) {
    ModelConfig config;
    config.clip = clip;
    config.precision = precision;
    return config;
}

torch::Tensor embed(Embedder& embedder, const torch::Tensor& pixels, Space space) {
    const std::vector<float> rows =
        embedder.embed({pixels.data_ptr<float>(), static_cast<std::size_t>(pixels.numel())}, space);
    return torch::tensor(rows).reshape({pixels.size(0), embedder.dimension(space)});
}

TEST(Embedder, GivesUnitVectorsInTheDirectionOfHuggingFaces) {
    Embedder embedder(config_of(nano), std::nullopt, "cpu");
    EXPECT_EQ(embedder.dimension(Space::text), 256);
    EXPECT_FALSE(embedder.has_head());
    EXPECT_EQ(embedder.model_id(), "clip-nano");
    const torch::Tensor rows = embed(embedder, golden("clip_nano", "pixels"), Space::text);
    EXPECT_GT(lowest_cosine(rows, golden("clip_nano", "image_embeds")), 0.99999);
    EXPECT_LT(largest_difference(rows.norm(2, 1), torch::ones(4)), 1e-5);
}

TEST(Embedder, EveryPrecisionIsCloseAndHasAHashOfItsOwn) {
    Embedder exact(config_of(nano), std::nullopt, "cpu");
    const torch::Tensor expected = embed(exact, golden("clip_nano", "pixels"), Space::text);
    for (const Precision precision : {Precision::bf16, Precision::int8}) {
        Embedder embedder(config_of(nano, precision), std::nullopt, "cpu");
        EXPECT_GT(lowest_cosine(embed(embedder, golden("clip_nano", "pixels"), Space::text), expected), 0.99);
        EXPECT_NE(embedder.hash(Space::text), exact.hash(Space::text)) << "their vectors do not mix";
    }
}

TEST(Embedder, WithACheckpointHasBothSpaces) {
    const TemporaryFolder folder;
    ClipModel model = golden_model("quick_gelu_fp32");
    ProjectionHead head(24, 6);
    {
        const torch::NoGradGuard no_grad;
        for (auto& [name, tensor] : model.tower->tensors_from(2)) tensor.mul_(1.2);
        save_checkpoint(folder / "model.safetensors", {model.id, model.hash, 6, 2, 1}, model.tower, head);
    }
    Embedder embedder(config_of(golden_folder("quick_gelu_fp32").string()), folder / "model.safetensors",
                      "cpu");
    EXPECT_TRUE(embedder.has_head());
    EXPECT_EQ(embedder.dimension(Space::image), 6);
    const torch::NoGradGuard no_grad;
    const torch::Tensor pixels = golden("quick_gelu_fp32", "pixels");
    EXPECT_LT(largest_difference(embed(embedder, pixels, Space::image),
                                 head->forward(model.tower->forward(pixels))),
              1e-5);
    // CLIP's own space is that of the frozen tower, whatever was trained.
    EXPECT_GT(lowest_cosine(embed(embedder, pixels, Space::text), golden("quick_gelu_fp32", "image_embeds")),
              0.99999);
    EXPECT_NE(embedder.hash(Space::text), embedder.hash(Space::image));
}

TEST(Embedder, HashesTellCheckpointsApart) {
    const TemporaryFolder folder;
    ClipModel model = golden_model("quick_gelu_fp32");
    ProjectionHead head(24, 6);
    for (const int epoch : {1, 2}) {
        save_checkpoint(folder / std::to_string(epoch), {model.id, model.hash, 6, 3, epoch}, model.tower,
                        head);
    }
    const ModelConfig config = config_of(golden_folder("quick_gelu_fp32").string());
    const Embedder first(config, folder / "1", "cpu"), second(config, folder / "2", "cpu");
    EXPECT_EQ(first.hash(Space::text), second.hash(Space::text));
    EXPECT_NE(first.hash(Space::image), second.hash(Space::image));
}

TEST(Embedder, NoImagesGiveNoVectors) {
    Embedder embedder(config_of(nano), std::nullopt, "cpu");
    EXPECT_TRUE(embedder.embed({}, Space::text).empty());
}

TEST(Embedder, ACheckpointThatIsNotThereOrOfAnotherModelIsRefused) {
    const TemporaryFolder folder;
    EXPECT_NE(message_of<UsageError>([&] { Embedder(config_of(nano), folder / "none", "cpu"); }), "");
    ClipModel model = golden_model("quick_gelu_fp32");
    ProjectionHead head(24, 6);
    save_checkpoint(folder / "other", {model.id, model.hash, 6, 3, 1}, model.tower, head);
    EXPECT_NE(message_of<UsageError>([&] {
                  Embedder(config_of(nano), folder / "other", "cpu");
              }).find("another base model"),
              std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
