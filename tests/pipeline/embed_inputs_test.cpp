#include "clipsim/pipeline/embed_inputs.h"

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

TEST(EmbedInputs, ExpandsFoldersAndNamesInputsByRow) {
    TemporaryFolder world;
    draw_photos(world / "photos", 2);
    const std::vector<std::filesystem::path> inputs{world / "photos/red", world / "photos/blue/1.png"};
    const EmbeddedInputs embedded = embed_inputs(nano_config(world), {inputs, {"a red disc"}});
    ASSERT_EQ(embedded.inputs.size(), 4U);
    EXPECT_EQ(embedded.inputs[2], world / "photos/blue/1.png");
    EXPECT_EQ(embedded.vectors.size(), 4U * 256U);

    write_embeddings(world / "v.npy", embedded);
    const auto names = nlohmann::json::parse(read_text(world / "v.json"));
    EXPECT_EQ(names["inputs"][2], (world / "photos/blue/1.png").string());
    EXPECT_EQ(names["inputs"][3], "a red disc");
}

TEST(EmbedInputs, WithoutATrainedModelTheTwoSpacesAreOne) {
    TemporaryFolder world;
    draw_photos(world / "photos", 1);
    const std::vector<std::filesystem::path> inputs{world / "photos"};
    const EmbeddedInputs image = embed_inputs(nano_config(world), {inputs, {}, Space::image});
    const EmbeddedInputs text = embed_inputs(nano_config(world), {inputs, {}, Space::text});
    EXPECT_EQ(image.vectors, text.vectors);
    EXPECT_EQ(image.model_hash, text.model_hash);
}

TEST(EmbedInputs, SentencesHaveNoPlaceInTheImageSpace) {
    TemporaryFolder world;
    try {
        embed_inputs(nano_config(world), {{}, {"a dog"}, Space::image});
        FAIL() << "it was accepted";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("--space text"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace clipsim::testing
