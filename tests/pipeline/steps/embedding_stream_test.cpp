#include "clipsim/pipeline/steps/embedding_stream.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/model/safetensors.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "drawn_photos.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(EmbeddingStream, KeepsTheOrderOfFilesAndLeavesOutTheBadOnes) {
    TemporaryFolder world;
    draw_photos(world.path(), 4);
    write_text(world / "bad.png", "no picture");
    const std::vector<std::filesystem::path> files{world / "red/0.png",   world / "bad.png",
                                                   world / "green/1.png", world / "red/0.png",
                                                   world / "blue/2.png",  world / "none.png"};
    ModelConfig model;
    model.clip = CLIPSIM_SOURCE_DIR "/models/clip-nano";
    Embedder embedder(model, std::nullopt, "cpu");

    EmbeddingStream stream(embedder, files, {Space::image}, DataConfig{}, 2);
    std::vector<std::size_t> order;
    std::vector<float> vectors;
    while (const auto batch = stream.next()) {
        order.insert(order.end(), batch->files.begin(), batch->files.end());
        vectors.insert(vectors.end(), batch->vectors[0].begin(), batch->vectors[0].end());
        ASSERT_EQ(batch->hashes.size(), batch->files.size());
        for (std::size_t i = 0; i < batch->files.size(); ++i)
            EXPECT_EQ(batch->hashes[i], hash_file(files[batch->files[i]]));
    }
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 2, 3, 4}));
    ASSERT_EQ(vectors.size(), 4U * 256U);
    for (int row = 0; row < 4; ++row) {
        double norm = 0;
        for (int i = 0; i < 256; ++i) norm += vectors[row * 256 + i] * vectors[row * 256 + i];
        EXPECT_NEAR(norm, 1.0, 1e-5);
    }
    double same = 0, other = 0;
    for (int i = 0; i < 256; ++i) {
        same += vectors[i] * vectors[2 * 256 + i];
        other += vectors[i] * vectors[256 + i];
    }
    EXPECT_NEAR(same, 1.0, 1e-5) << "the same file twice";
    EXPECT_LT(other, 0.999);
    ASSERT_EQ(stream.skipped().size(), 2U);
    EXPECT_EQ(stream.skipped()[0].path.filename(), "bad.png");
}

// In each arithmetic: finite weights that multiply to more than a float holds.
TEST(EmbeddingStream, APictureThatTheModelMakesNoVectorOfIsNamed) {
    TemporaryFolder world;
    draw_photos(world.path(), 1);
    const std::vector<std::filesystem::path> files{world / "red/0.png"};
    std::filesystem::copy(CLIPSIM_FIXTURES "/model/quick_gelu_fp32", world / "model");
    std::map<std::string, torch::Tensor> tensors;
    {
        const SafetensorsFile file(world / "model/model.safetensors");
        for (const std::string& name : file.names()) tensors[name] = file.tensor(name).clone();
    }
    tensors["visual_projection.weight"].fill_(3e38);
    write_safetensors(world / "model/model.safetensors", tensors, {});
    for (const Precision precision : {Precision::fp32, Precision::bf16, Precision::int8}) {
        ModelConfig model;
        model.clip = (world / "model").string();
        model.precision = precision;
        Embedder embedder(model, std::nullopt, "cpu");
        EmbeddingStream stream(embedder, files, {Space::image}, DataConfig{});
        const std::string message = message_of<Error>([&] { stream.next(); });
        EXPECT_NE(message.find("red/0.png: the model model computes infinity or NaN"), std::string::npos)
            << message;
    }
}

}  // namespace
}  // namespace clipsim::testing
