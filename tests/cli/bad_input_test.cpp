#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// What every refusal looks like: the exit code, one line on stderr, nothing on stdout.
void expect_refusal(const Outcome& outcome, int exit_code, const std::string& part) {
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    const auto errors = std::ranges::count(outcome.err, '\n');
    EXPECT_LE(errors, 3) << outcome.err;  // a warning or two may precede the error
    EXPECT_EQ(outcome.err.find("c10"), std::string::npos) << outcome.err;
}

TEST(BadInput, NoCommandOrAnUnknownOneIsAUsageError) {
    TemporaryFolder world;
    expect_refusal(run_clipsim(world.path(), {}), 2, "--help");
    expect_refusal(run_clipsim(world.path(), {"serach"}), 2, "did you mean search?); see `clipsim --help`");
    expect_refusal(run_clipsim(world.path(), {"search", "--no-such-flag"}), 2, "--no-such-flag");
    expect_refusal(run_clipsim(world.path(), {"search", "a.jpg", "--formt", "tsv"}), 2,
                   "--formt (did you mean --format?); see `clipsim search --help`");
    expect_refusal(run_clipsim(world.path(), {"index", "tune", "--recal", "0.9"}), 2,
                   "--recal (did you mean --recall?); see `clipsim index tune --help`");
    expect_refusal(run_clipsim(world.path(), {"search"}), 2, "no query");
}

TEST(BadInput, VersionAndHelpSucceedOnStdout) {
    TemporaryFolder world;
    const Outcome version = run_clipsim(world.path(), {"--version"});
    EXPECT_EQ(version.exit_code, 0);
    EXPECT_TRUE(version.out.starts_with("clipsim "));
    const Outcome help = run_clipsim(world.path(), {"--help"});
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_NE(help.out.find("search"), std::string::npos);
    EXPECT_EQ(run_clipsim(world.path(), {"help"}).out, help.out);
}

TEST(BadInput, ConfigProblemsNameKeyAndNearestName) {
    TemporaryFolder world;
    expect_refusal(run_clipsim(world.path(), {"train", "-c", "none.json"}), 2, "none.json");
    write_text(world / "typo.json", R"({"train": {"epoch": 3}})");
    expect_refusal(run_clipsim(world.path(), {"train", "-c", "typo.json"}), 2, "train.epochs");
    write_text(world / "type.json", R"({"train": {"epochs": "three"}})");
    expect_refusal(run_clipsim(world.path(), {"train", "-c", "type.json"}), 2, "train.epochs");
    write_text(world / "comma.json", "{\"search\": {\"top_k\": 3,}}");
    expect_refusal(run_clipsim(world.path(), {"train", "-c", "comma.json"}), 2, "comma.json");
    expect_refusal(run_clipsim(world.path(), {"train", "--set", "train.margn=1"}), 2, "train.margin");
}

TEST(BadInput, AConfigThatIsNoUtf8IsNamed) {
    TemporaryFolder world;
    expect_refusal(run_clipsim(world.path(), {"index", "--set", "data.root=caf\xE9"}), 2, "not UTF-8");
    write_text(world / "latin1.json", "{\n\"output_dir\": \"caf\xE9\"}");
    expect_refusal(run_clipsim(world.path(), {"index", "-c", "latin1.json"}), 2,
                   "latin1.json, line 2: not UTF-8");
}

TEST(BadInput, ADamagedDatabaseNamesItsRemedyWhichHelps) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    const std::vector<std::string> index{"index", "photos", "--set", "output_dir=out"};
    const std::vector<std::string> search{"search", "photos/red/0.png", "--set", "output_dir=out"};
    std::vector<std::string> rebuild = index;
    rebuild.emplace_back("--rebuild");
    const std::filesystem::path database = world / "out/index/images.db";
    for (int damage = 0; damage < 3; ++damage) {
        ASSERT_EQ(run_clipsim(world.path(), rebuild).exit_code, 0);
        if (damage == 0) std::filesystem::resize_file(database, 8192);
        if (damage == 1) write_text(database, std::string(20'000, 'x'));
        if (damage == 2) {
            std::string bytes = read_text(database);
            std::fill(bytes.begin() + 16'384, bytes.end(), '\x55');
            write_text(database, bytes);
        }
        for (const std::vector<std::string>& command : {search, index}) {
            const Outcome refused = run_clipsim(world.path(), command);
            EXPECT_EQ(refused.exit_code, 1) << damage << ' ' << refused.err;
            EXPECT_NE(refused.err.find("`clipsim index --rebuild`"), std::string::npos)
                << damage << refused.err;
            EXPECT_EQ(refused.err.find("malformed"), std::string::npos) << "SQLite's own words";
        }
        EXPECT_EQ(run_clipsim(world.path(), rebuild).exit_code, 0);
        EXPECT_EQ(run_clipsim(world.path(), search).exit_code, 0);
    }
}

TEST(BadInput, DataThatCanNotBeTrainedOnIsRefused) {
    TemporaryFolder world;
    expect_refusal(run_clipsim(world.path(), {"train", "--set", "data.root=missing"}), 2, "missing");
    std::filesystem::create_directories(world / "empty");
    expect_refusal(run_clipsim(world.path(), {"train", "--set", "data.root=empty"}), 2, "empty");
    draw_photos(world / "photos", 3);
    std::filesystem::remove_all(world / "photos/green");
    std::filesystem::remove_all(world / "photos/blue");
    expect_refusal(run_clipsim(world.path(), {"train", "--set", "data.root=photos"}), 2, "class");
}

TEST(BadInput, OneBadImageIsSkippedNamedAndCounted) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    write_text(world / "photos/red/text.jpg", "this is no picture");
    write_text(world / "photos/red/empty.png", "");
    write_text(world / "photos/red/two\nlines \"q\" \xC3\xA9.png", read_text(world / "photos/red/1.png"));
    const std::vector<std::string> index{"index", "photos", "--set", "output_dir=out"};
    const Outcome outcome = run_clipsim(world.path(), index);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("text.jpg"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("empty.png"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("2 images were skipped"), std::string::npos) << outcome.err;
    EXPECT_NE(outcome.err.find("10 images in the index"), std::string::npos) << outcome.err;
    std::vector<std::string> strict = index;
    strict.emplace_back("--strict");
    EXPECT_EQ(run_clipsim(world.path(), strict).exit_code, 1);
}

TEST(BadInput, AQueryThatIsNoImageIsRefused) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    ASSERT_EQ(run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=out"}).exit_code, 0);
    write_text(world / "note.txt", "hello");
    expect_refusal(run_clipsim(world.path(), {"search", "note.txt", "--set", "output_dir=out"}), 2,
                   "note.txt");
    expect_refusal(run_clipsim(world.path(), {"search", "gone.png", "--set", "output_dir=out"}), 2,
                   "gone.png");
    expect_refusal(run_clipsim(world.path(), {"search", "photos/red", "--set", "output_dir=out"}), 2,
                   "photos/red");
    expect_refusal(run_clipsim(world.path(), {"search", "photos/red/0.png", "--format", "xml"}), 2, "xml");
}

TEST(BadInput, ASearchWithoutAnIndexSaysHowToMakeOne) {
    TemporaryFolder world;
    draw_photos(world / "photos", 2);
    expect_refusal(run_clipsim(world.path(), {"search", "photos/red/0.png", "--set", "output_dir=out"}), 2,
                   "clipsim index");
}

TEST(BadInput, AnIndexOfAnotherModelIsRefused) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    ASSERT_EQ(run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=out"}).exit_code, 0);
    // The same model with another preprocessing folder name and one weight bit changed is another model.
    std::filesystem::copy(CLIPSIM_SOURCE_DIR "/models/clip-nano", world / "other",
                          std::filesystem::copy_options::recursive);
    std::string weights = read_text(world / "other/model.safetensors");
    weights[weights.size() - 2] = static_cast<char>(weights[weights.size() - 2] ^ 1);
    write_text(world / "other/model.safetensors", weights);
    expect_refusal(run_clipsim(world.path(), {"search", "photos/red/0.png", "--set", "output_dir=out",
                                              "--set", "model.clip=./other"}),
                   2, "was made with model clip-lite");
    expect_refusal(run_clipsim(world.path(), {"search", "photos/red/0.png", "--set", "output_dir=out",
                                              "--set", "model.precision=bf16"}),
                   2, "precision fp32, not bf16");
}

TEST(BadInput, ModelsThatCanNotBeLoadedAreNamed) {
    TemporaryFolder world;
    draw_photos(world / "photos", 2);
    expect_refusal(run_clipsim(world.path(), {"index", "photos", "--set", "model.clip=ViT-B-32"}), 2,
                   "openai/clip-vit-base-patch32");
    std::filesystem::copy(CLIPSIM_SOURCE_DIR "/models/clip-nano", world / "cut",
                          std::filesystem::copy_options::recursive);
    std::filesystem::resize_file(world / "cut/model.safetensors", 100'000);
    expect_refusal(run_clipsim(world.path(), {"index", "photos", "--set", "model.clip=./cut"}), 2,
                   "cut/model.safetensors");
}

TEST(BadInput, AnOutputFolderThatCanNotBeWrittenIsAFailure) {
    TemporaryFolder world;
    draw_photos(world / "photos", 3);
    write_text(world / "file", "in the way");
    expect_refusal(run_clipsim(world.path(), {"index", "photos", "--set", "output_dir=file/out"}), 1,
                   "file/out");
    expect_refusal(
        run_clipsim(world.path(), {"train", "--set", "data.root=photos", "--set", "output_dir=file/out"}), 1,
        "file/out");
}

TEST(BadInput, AskingForAGpuThatIsNotThereIsRefused) {
    if (::access("/dev/nvidia0", F_OK) == 0) GTEST_SKIP() << "this machine has a GPU";
    TemporaryFolder world;
    draw_photos(world / "photos", 2);
    expect_refusal(run_clipsim(world.path(), {"index", "photos", "--device", "cuda"}), 2, "cpu");
}

}  // namespace
}  // namespace clipsim::testing
