#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "cli/program.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/vectors/vector_index.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using namespace std::chrono_literals;

// Path -> vector of everything the store holds.
std::map<std::string, std::vector<float>> stored(const std::filesystem::path& index) {
    const Manifest manifest = read_manifest(index / "manifest.json");
    const SqliteStore store = SqliteStore::open_for_reading(index / "images.db", manifest.identity);
    std::map<std::string, std::vector<float>> result;
    for (const StoredImage& image : store.images()) result[image.path.string()] = store.vector(image.id);
    EXPECT_EQ(manifest.vectors, static_cast<std::int64_t>(result.size()));
    const VectorIndex vectors =
        VectorIndex::open(index / "index.faiss", manifest.parameters, manifest.identity.dimension);
    EXPECT_EQ(vectors.size(), static_cast<std::int64_t>(result.size()));
    return result;
}

TEST(Interruption, IndexKilledAtTwentyRandomMomentsEndsWithTheSameIndex) {
    TemporaryFolder world;
    draw_photos(world / "photos", 60);
    const std::vector<std::string> whole{"index", "photos", "--set", "output_dir=whole"};
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(run_clipsim(world.path(), whole).exit_code, 0);
    const auto duration = std::chrono::steady_clock::now() - start;
    const auto expected = stored(world / "whole/index");
    ASSERT_EQ(expected.size(), 180U);

    std::mt19937 random(20);
    std::uniform_real_distribution<double> moment(0.0, 1.0);
    int killed = 0;
    for (int round = 0; round < 20; ++round) {
        // Each round starts from nothing or goes on from the last one's remains, every other time.
        if (round % 2 == 0) std::filesystem::remove_all(world / "broken");
        const std::vector<std::string> index{"index", "photos", "--set", "output_dir=broken"};
        Program program(world.path(), index);
        std::this_thread::sleep_for(duration * moment(random));
        program.signal(SIGKILL);
        killed += program.wait().exit_code == 128 + SIGKILL;
        if (round % 2 == 0) continue;
        const Outcome again = run_clipsim(world.path(), index);
        ASSERT_EQ(again.exit_code, 0) << again.err;
        const auto found = stored(world / "broken/index");
        ASSERT_EQ(found.size(), expected.size());
        for (const auto& [path, vector] : expected) {
            ASSERT_TRUE(found.contains(path)) << path;
            for (std::size_t i = 0; i < vector.size(); ++i)
                ASSERT_NEAR(found.at(path)[i], vector[i], 1e-4) << path;
        }
    }
    EXPECT_GT(killed, 5) << "most of the kills have to come while it works";
}

TEST(Interruption, CtrlCWhileTrainingIsResumableToTheSameModel) {
    TemporaryFolder world;
    draw_photos(world / "photos", 12);
    const auto train = [](const std::string& output) {
        return std::vector<std::string>{"train",
                                        "--set",
                                        "data.root=photos",
                                        "--set",
                                        "output_dir=" + output,
                                        "--set",
                                        "train.epochs=6",
                                        "--set",
                                        "train.mining=all",
                                        "--set",
                                        "train.margin=1",
                                        "--threads",
                                        "1"};
    };
    ASSERT_EQ(run_clipsim(world.path(), train("whole")).exit_code, 0);

    Program program(world.path(), train("stopped"));
    while (program.running() && read_text(world / "stopped/metrics.jsonl").empty())
        std::this_thread::sleep_for(5ms);
    program.signal(SIGINT);
    const Outcome stopped = program.wait();
    ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted: "), std::string::npos)
        << "it stopped by itself: " << stopped.err;
    std::vector<std::string> resume = train("stopped");
    resume.emplace_back("--resume");
    const Outcome resumed = run_clipsim(world.path(), resume);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_EQ(read_text(world / "stopped/checkpoints/last_model.safetensors"),
              read_text(world / "whole/checkpoints/last_model.safetensors"));
}

TEST(Interruption, CtrlCWhileIndexingKeepsWhatWasEmbedded) {
    TemporaryFolder world;
    draw_photos(world / "photos", 150);
    const std::vector<std::string> index{"index", "photos", "--set", "output_dir=out"};
    Program program(world.path(), index);
    while (program.running() && !std::filesystem::exists(world / "out/index/images.db"))
        std::this_thread::sleep_for(5ms);
    std::this_thread::sleep_for(300ms);
    program.signal(SIGINT);
    const Outcome stopped = program.wait();
    if (stopped.exit_code == 0) GTEST_SKIP() << "it was done before the signal came";
    ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted: "), std::string::npos)
        << "it stopped by itself: " << stopped.err;
    const Outcome again = run_clipsim(world.path(), index);
    ASSERT_EQ(again.exit_code, 0) << again.err;
    EXPECT_EQ(again.err.find("450 embedded"), std::string::npos)
        << "the first batches were kept: " << again.err;
    EXPECT_NE(again.err.find("450 images in the index"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace clipsim::testing
