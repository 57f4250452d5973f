#include "clipsim/pipeline/steps/output_layout.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/pipeline/config.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(OutputLayout, WritesTheResolvedConfigAsOneThatCanBeRead) {
    TemporaryFolder folder;
    Config config;
    config.output_dir = (folder / "a/b").string();
    config.train.margin = 0.75;
    prepare_output(config);
    const Config read = load_config(folder / "a/b/config.json", {});
    EXPECT_EQ(config_to_json(read), config_to_json(config));
}

TEST(OutputLayout, AConfigThatSomebodyWroteIsNotWrittenOver) {
    TemporaryFolder folder;
    Config config;
    config.output_dir = folder.path().string();
    const std::string mine = "{\"output_dir\": \".\"}  // mine\n";
    write_text(folder / "config.json", mine);
    EXPECT_THROW(prepare_output(config), UsageError);
    EXPECT_EQ(read_text(folder / "config.json"), mine);
    std::filesystem::remove(folder / "config.json");
    prepare_output(config);
    config.train.margin = 0.75;
    EXPECT_NO_THROW(prepare_output(config)) << "its own";
    EXPECT_EQ(load_config(folder / "config.json", {}).train.margin, 0.75);
}

TEST(OutputLayout, HasACheckpointOnlyOnceThereIsAFile) {
    TemporaryFolder folder;
    Config config;
    config.output_dir = folder.path().string();
    EXPECT_FALSE(OutputLayout(config).checkpoint().has_value());
    write_text(OutputLayout(config).best_model(), "x");
    EXPECT_EQ(OutputLayout(config).checkpoint(), OutputLayout(config).best_model());
}

TEST(OutputLayout, AFileInTheWayIsAnError) {
    TemporaryFolder folder;
    write_text(folder / "file", "x");
    Config config;
    config.output_dir = (folder / "file/out").string();
    EXPECT_THROW(prepare_output(config), Error);
}

}  // namespace
}  // namespace clipsim::testing
