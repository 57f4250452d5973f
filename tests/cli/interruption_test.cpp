#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <map>
#include <random>
#include <thread>

#include "cli/program.h"
#include "clipsim/core/error.h"
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
    draw_photos(world / "photos", 32);  // three batches
    const std::vector<std::string> whole{"index", "photos", "--set", "output_dir=whole"};
    const auto start = std::chrono::steady_clock::now();
    ASSERT_EQ(run_clipsim(world.path(), whole).exit_code, 0);
    const auto duration = std::chrono::steady_clock::now() - start;
    const auto expected = stored(world / "whole/index");
    ASSERT_EQ(expected.size(), 96U);

    // A kill may come too late, when the machine was busy with other things: then the round is tried again,
    // sooner.
    std::mt19937 random(20);
    std::uniform_real_distribution<double> moment(0.0, 1.0);
    for (int round = 0; round < 20; ++round) {
        // Each round starts from nothing or goes on from the last one's remains, every other time.
        const std::vector<std::string> index{"index", "photos", "--set", "output_dir=broken"};
        auto delay = duration * moment(random);
        bool anew = round % 2 == 0;
        for (bool killed = false; !killed; delay /= 2, anew = true) {
            if (anew) std::filesystem::remove_all(world / "broken");
            Program program(world.path(), index);
            std::this_thread::sleep_for(delay);
            program.signal(SIGKILL);
            const int code = program.wait().exit_code;
            killed = code == 128 + SIGKILL;
            ASSERT_TRUE(killed || code == 0) << code;
        }
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
}

TEST(Interruption, CtrlCWhileTrainingIsResumableToTheSameModel) {
    TemporaryFolder world;
    draw_photos(world / "photos", 12);
    const auto train = [](int epochs, const std::string& output) {
        return std::vector<std::string>{"train",
                                        "--set",
                                        "data.root=photos",
                                        "--set",
                                        "output_dir=" + output + std::to_string(epochs),
                                        "--set",
                                        "train.epochs=" + std::to_string(epochs),
                                        "--set",
                                        "train.mining=all",
                                        "--set",
                                        "train.margin=1",
                                        "--threads",
                                        "1"};
    };
    // On a busy machine a run may be done before the signal comes: then there are more epochs the next time.
    Outcome stopped;
    int epochs = 3;
    do {
        epochs *= 2;
        ASSERT_LT(epochs, 500) << "no run could be stopped";
        Program program(world.path(), train(epochs, "stopped"));
        const auto metrics = world / ("stopped" + std::to_string(epochs)) / "metrics.jsonl";
        while (program.running() && read_text(metrics).empty()) std::this_thread::sleep_for(5ms);
        program.signal(SIGINT);
        stopped = program.wait();
    } while (stopped.exit_code == 0);
    ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted: "), std::string::npos)
        << "it stopped by itself: " << stopped.err;
    std::vector<std::string> resume = train(epochs, "stopped");
    resume.emplace_back("--resume");
    const Outcome resumed = run_clipsim(world.path(), resume);
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    ASSERT_EQ(run_clipsim(world.path(), train(epochs, "whole")).exit_code, 0);
    const std::string model = std::to_string(epochs) + "/checkpoints/last_model.safetensors";
    EXPECT_EQ(read_text(world / ("stopped" + model)), read_text(world / ("whole" + model)));
}

// How many images a run has committed, while it goes on.
std::int64_t committed(const std::filesystem::path& index, const IndexIdentity& identity) {
    try {
        return SqliteStore::open_for_reading(index / "images.db", identity).count();
    } catch (const Error&) {
        return 0;  // not there yet, or just being made
    }
}

// Files of one size that begin and end alike are read whole, which of these would take hours.
TEST(Interruption, CtrlCWhileIndexingComparesFilesIsAnsweredAtOnce) {
    TemporaryFolder world;
    std::filesystem::create_directories(world / "photos");
    for (const char* name : {"photos/a.jpg", "photos/b.jpg"}) {
        write_text(world / name, "");
        std::filesystem::resize_file(world / name, std::uintmax_t{1} << 41);  // sparse
    }
    Program program(world.path(), {"index", "photos", "--set", "output_dir=out"});
    while (program.running() && !std::filesystem::exists(world / "out/index/images.db"))
        std::this_thread::sleep_for(2ms);
    std::this_thread::sleep_for(50ms);
    program.signal(SIGINT);
    const Outcome stopped = program.wait();
    EXPECT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_NE(stopped.err.find("nothing was changed"), std::string::npos) << stopped.err;
}

TEST(Interruption, CtrlCWhileIndexingKeepsWhatWasEmbedded) {
    TemporaryFolder world;
    draw_photos(world / "few", 1);
    ASSERT_EQ(run_clipsim(world.path(), {"index", "few", "--set", "output_dir=few-out"}).exit_code, 0);
    const IndexIdentity identity = read_manifest(world / "few-out/index/manifest.json").identity;
    // On a busy machine a run may be done before the signal comes: then there are more photos the next time.
    Outcome stopped;
    std::vector<std::string> index;
    int photos = 75;
    do {
        photos *= 2;
        ASSERT_LT(photos, 5000) << "no run could be stopped";
        const std::string name = std::to_string(photos);
        draw_photos(world / name, photos);
        index = {"index", name, "--set", "output_dir=out" + name};
        Program program(world.path(), index);
        while (program.running() && committed(world / ("out" + name) / "index", identity) == 0)
            std::this_thread::sleep_for(2ms);
        program.signal(SIGINT);
        stopped = program.wait();
    } while (stopped.exit_code == 0);
    ASSERT_EQ(stopped.exit_code, 130) << stopped.err;
    EXPECT_NE(stopped.err.find("interrupted: "), std::string::npos)
        << "it stopped by itself: " << stopped.err;
    const Outcome again = run_clipsim(world.path(), index);
    ASSERT_EQ(again.exit_code, 0) << again.err;
    const std::string all = std::to_string(3 * photos);
    EXPECT_EQ(again.err.find(all + " embedded"), std::string::npos)
        << "the first batches were kept: " << again.err;
    EXPECT_NE(again.err.find(all + " images in the index"), std::string::npos) << again.err;
}

}  // namespace
}  // namespace clipsim::testing
