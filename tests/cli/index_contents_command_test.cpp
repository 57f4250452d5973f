#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using nlohmann::json;

class IndexContentsCommand : public ::testing::Test {
  protected:
    void SetUp() override {
        draw_photos(world_ / "photos", 3);
        ASSERT_EQ(clipsim({"index", "photos"}).exit_code, 0);
    }
    Outcome clipsim(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--set", "output_dir=out"});
        return run_clipsim(world_.path(), arguments);
    }
    TemporaryFolder world_;
};

TEST_F(IndexContentsCommand, ListsAndDescribesWithoutThePhotos) {
    std::filesystem::rename(world_ / "photos", world_ / "away");
    const Outcome list = clipsim({"index", "list", "--where", "label=red"});
    ASSERT_EQ(list.exit_code, 0) << list.err;
    EXPECT_EQ(std::ranges::count(list.out, '\n'), 4) << "a header and three images";
    EXPECT_NE(list.out.find("photos/red/0.png\tred\n"), std::string::npos) << list.out;
    const Outcome paths = clipsim({"index", "list", "--format", "paths", "-0"});
    EXPECT_EQ(std::ranges::count(paths.out, '\0'), 9);
    const Outcome objects = clipsim({"index", "list", "--format", "json", "--where", "path=0.png"});
    EXPECT_EQ(std::ranges::count(objects.out, '\n'), 3);
    EXPECT_TRUE(json::parse(objects.out.substr(0, objects.out.find('\n'))).contains("content_hash"));
    const json info = json::parse(clipsim({"index", "info", "--format", "json"}).out);
    EXPECT_EQ(info["images"], 9);
    EXPECT_EQ(info["labels"]["red"], 3);
    EXPECT_EQ(info["model"]["id"], "clip-lite");
    EXPECT_EQ(info["index_type"], "flat");
    EXPECT_EQ(info["folders"],
              json::array({(std::filesystem::canonical(world_.path()) / "photos").string()}));
    EXPECT_NE(clipsim({"index", "info"}).out.find("9 of 3 labels"), std::string::npos);
    EXPECT_EQ(clipsim({"index", "--rebuild", "info"}).exit_code, 2);
}

TEST_F(IndexContentsCommand, RemovesAndSaysWhatBringsThemBack) {
    const Outcome dry = clipsim({"index", "remove", "photos/red", "--dry-run"});
    ASSERT_EQ(dry.exit_code, 0) << dry.err;
    EXPECT_EQ(std::ranges::count(dry.out, '\n'), 3);
    EXPECT_NE(dry.err.find("dry run: 3 images to remove"), std::string::npos) << dry.err;
    const Outcome removed = clipsim({"index", "remove", "photos/red/0.png", "*/blue/*"});
    ASSERT_EQ(removed.exit_code, 0) << removed.err;
    EXPECT_EQ(removed.out.find("green"), std::string::npos);
    EXPECT_NE(removed.err.find("4 images removed"), std::string::npos) << removed.err;
    EXPECT_NE(removed.err.find("brings them back"), std::string::npos) << removed.err;
    const Outcome search = clipsim({"search", "photos/green/0.png", "--format", "paths", "-k", "20"});
    EXPECT_EQ(std::ranges::count(search.out, '\n'), 4);
    EXPECT_EQ(search.err.find("warning"), std::string::npos) << search.err;
    EXPECT_EQ(clipsim({"index", "remove", "photos/none"}).exit_code, 2);
}

}  // namespace
}  // namespace clipsim::testing
