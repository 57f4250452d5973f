#include "clipsim/pipeline/steps/embedding_stream.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clipsim/core/hash.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "drawn_photos.h"
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

}  // namespace
}  // namespace clipsim::testing
