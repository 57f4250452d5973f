#include "clipsim/pipeline/embed_images.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

Config nano_config(const TemporaryFolder& world) {
    Config config;
    config.model.clip = CLIPSIM_SOURCE_DIR "/models/clip-nano";
    config.output_dir = (world / "out").string();
    return config;
}

TEST(EmbedImages, ExpandsFoldersAndNamesInputsByRow) {
    TemporaryFolder world;
    draw_photos(world / "photos", 2);
    const std::vector<std::filesystem::path> inputs{world / "photos/red", world / "photos/blue/1.png"};
    const EmbeddedImages embedded = embed_images(nano_config(world), inputs);
    ASSERT_EQ(embedded.images.size(), 3U);
    EXPECT_EQ(embedded.images[2], world / "photos/blue/1.png");
    EXPECT_EQ(embedded.vectors.size(), 3U * 256U);

    write_embeddings(world / "v.npy", embedded);
    const auto names = nlohmann::json::parse(read_text(world / "v.json"));
    EXPECT_EQ(names["inputs"][2], (world / "photos/blue/1.png").string());
}

TEST(EmbedImages, TheProjectedSpaceNeedsATrainedModel) {
    TemporaryFolder world;
    draw_photos(world / "photos", 1);
    const std::vector<std::filesystem::path> inputs{world / "photos"};
    EXPECT_THROW(embed_images(nano_config(world), inputs, Space::projected), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
