#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "clipsim/core/text.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using nlohmann::json;

std::string format(const std::string& name) {
    return std::string(CLIPSIM_FIXTURES) + "/formats/" + name;
}

TEST(ModelInfoCommand, DescribesEachFormat) {
    const TemporaryFolder world;
    for (const auto& [name, family, kind] :
         std::vector<std::array<std::string, 3>>{{"openai", "CLIP", "OpenAI"},
                                                 {"open_clip_custom_text", "CLIP", "open_clip"},
                                                 {"hugging_face_sharded", "CLIP", "Hugging Face"},
                                                 {"dinov2", "DINOv2", "Hugging Face"}}) {
        const Outcome outcome =
            run_clipsim(world.path(), {"model", "info", format(name), "--format", "json"});
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        const json info = json::parse(outcome.out);
        EXPECT_EQ(info["family"], family);
        EXPECT_EQ(info["format"], kind);
        EXPECT_EQ(info["text"].is_null(), family == "DINOv2");
        EXPECT_EQ(info["hash"].get<std::string>().size(), 32U);
        const Outcome table = run_clipsim(world.path(), {"model", "info", format(name)});
        EXPECT_NE(table.out.find(kind), std::string::npos) << table.out;
    }
}

TEST(ModelImportCommand, TransformersLoadsTheCopyOfEachFormatAndMissesNoKey) {
    const char* python = std::getenv("CLIPSIM_TEST_PYTHON");
    if (python == nullptr ||
        std::system(concat("'", python, "' -c 'import torch, transformers' 2>/dev/null").c_str()) != 0)
        GTEST_SKIP() << "CLIPSIM_TEST_PYTHON names no Python with torch and transformers";
    EXPECT_EQ(std::system(concat("'", python,
                                 "' '" CLIPSIM_FIXTURES "/check_import.py' '" CLIPSIM_PROGRAM
                                 "' '" CLIPSIM_FIXTURES "'/formats/*")
                              .c_str()),
              0);
}

TEST(ModelImportCommand, MakesAFolderThatIndexes) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 2);
    const Outcome imported =
        run_clipsim(world.path(), {"model", "import", format("openai"), "copy", "--precision", "fp32"});
    ASSERT_EQ(imported.exit_code, 0) << imported.err;
    EXPECT_EQ(imported.out, "");
    EXPECT_NE(imported.err.find("--tokenizer"), std::string::npos) << imported.err;
    EXPECT_EQ(run_clipsim(world.path(), {"index", "photos", "--set", "model.clip=./copy"}).exit_code, 0);
    const Outcome again = run_clipsim(world.path(), {"model", "import", format("openai"), "copy"});
    EXPECT_EQ(again.exit_code, 2);
    EXPECT_NE(again.err.find("copy is there already"), std::string::npos) << again.err;
}

TEST(ModelImportCommand, AHostileFileIsRefusedInOneLine) {
    const TemporaryFolder world;
    std::string bytes = read_text(format("openai") + "/ViT-tiny.pt");
    bytes.resize(bytes.size() / 2);
    write_text(world / "cut.pt", bytes);
    const Outcome outcome = run_clipsim(world.path(), {"model", "import", "cut.pt", "copy"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("cut.pt"), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(world / "copy"));
}

TEST(Dinov2, SearchesByImageAndSaysThatItReadsNoSentences) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 6);
    const std::vector<std::string> model{"--set", "model.clip=" + format("dinov2"),
                                         "--set", "data.root=photos",
                                         "--set", "train.epochs=2",
                                         "--set", "train.classes_per_batch=3",
                                         "--set", "train.images_per_class=2"};
    const auto run = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.end(), model.begin(), model.end());
        return run_clipsim(world.path(), arguments);
    };
    ASSERT_EQ(run({"train"}).exit_code, 0);
    const Outcome indexed = run({"index"});
    ASSERT_EQ(indexed.exit_code, 0) << indexed.err;
    EXPECT_EQ(run({"search", "photos/red/0.png"}).exit_code, 0);
    for (const std::vector<std::string>& command : {std::vector<std::string>{"search", "--text", "a dog"},
                                                    {"embed", "--text", "a dog", "-o", "v.npy"}}) {
        const Outcome refused = run(command);
        EXPECT_EQ(refused.exit_code, 2);
        EXPECT_NE(refused.err.find("images alone"), std::string::npos) << refused.err;
    }
    const Outcome evaluated = run({"eval", "--format", "json"});
    ASSERT_EQ(evaluated.exit_code, 0) << evaluated.err;
    EXPECT_EQ(evaluated.out.find("zero_shot"), std::string::npos) << evaluated.out;
}

}  // namespace
}  // namespace clipsim::testing
