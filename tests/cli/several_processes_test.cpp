// `train` and `index` started once a rank, as a launcher does it.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/program.h"
#include "drawn_photos.h"
#include "support/launcher.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// Programs inherit the environment of the test.
class Environment {
  public:
    explicit Environment(std::vector<std::pair<std::string, std::string>> values)
        : values_(std::move(values)) {
        for (const auto& [name, value] : values_) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : values_) ::unsetenv(name.c_str());
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

  private:
    std::vector<std::pair<std::string, std::string>> values_;
};

// `others`: what the second rank is given instead.
std::vector<Outcome> run_two(const std::filesystem::path& folder, const std::vector<std::string>& arguments,
                             const std::vector<std::string>& others = {}) {
    const int port = free_port();
    std::vector<std::unique_ptr<Program>> programs;
    for (const int rank : {0, 1}) {
        const Environment environment(rank_environment(rank, 2, port));
        programs.push_back(
            std::make_unique<Program>(folder, rank == 0 || others.empty() ? arguments : others));
    }
    std::vector<Outcome> outcomes;
    for (const auto& program : programs) outcomes.push_back(program->wait());
    return outcomes;
}

TEST(SeveralProcesses, TrainAndIndexTogetherAndTheIndexIsThatOfOne) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 15);
    write_text(world / "photos/red/broken.png", "no picture");
    write_text(world / "config.json", R"({"data": {"root": "photos"}, "output_dir": "out",
        "train": {"epochs": 2, "classes_per_batch": 3, "images_per_class": 4}})");
    for (const Outcome& outcome : run_two(world.path(), {"train", "-c", "config.json", "--threads", "1"}))
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_TRUE(std::filesystem::exists(world / "out/checkpoints/best_model.safetensors"));

    const auto hits = [&] {
        const Outcome outcome = run_clipsim(
            world.path(), {"search", "-c", "config.json", "photos/red/0.png", "-k", "8", "--format", "json"});
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return nlohmann::json::parse(outcome.out).at("hits");
    };
    const std::vector<Outcome> outcomes = run_two(world.path(), {"index", "-c", "config.json"});
    for (const Outcome& outcome : outcomes) EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcomes[0].err.find("broken.png"), std::string::npos)
        << outcomes[0].err;  // whoever skipped it
    const nlohmann::json together = hits();
    const Outcome alone = run_clipsim(world.path(), {"index", "-c", "config.json", "--rebuild"});
    ASSERT_EQ(alone.exit_code, 0) << alone.err;
    const nlohmann::json expected = hits();
    ASSERT_EQ(together.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(together[i].at("path"), expected[i].at("path"));
        EXPECT_NEAR(together[i].at("score").get<double>(), expected[i].at("score").get<double>(), 1e-5);
    }
}

TEST(SeveralProcesses, AllIsRefusedBeforeAnyWork) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 4);
    const Environment environment(rank_environment(1, 2, free_port()));  // the others never come
    const Outcome outcome = run_clipsim(world.path(), {"all", "--set", "data.root=photos"});
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_NE(outcome.err.find("`clipsim train`, then `clipsim index`"), std::string::npos) << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(world / "output"));
}

TEST(SeveralProcesses, AVariableThatIsMissingOrWrongIsNamed) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 4);
    const auto refusal = [&](const std::vector<std::pair<std::string, std::string>>& variables) {
        const Environment environment(variables);
        const Outcome outcome = run_clipsim(world.path(), {"train", "--set", "data.root=photos"});
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        return outcome.err;
    };
    EXPECT_NE(refusal({{"WORLD_SIZE", "2"}}).find("RANK is not"), std::string::npos);
    EXPECT_NE(refusal({{"WORLD_SIZE", "many"}}).find("WORLD_SIZE is \"many\""), std::string::npos);
    EXPECT_NE(
        refusal({{"WORLD_SIZE", "2"}, {"RANK", "2"}, {"MASTER_ADDR", "localhost"}, {"MASTER_PORT", "1"}})
            .find("RANK is 2"),
        std::string::npos);
}

TEST(SeveralProcesses, RanksThatDoNotComeAreNamedAndCtrlCIsHeardMeanwhile) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 2);
    {
        const Environment environment(rank_environment(0, 3, free_port()));
        const Outcome outcome =
            run_clipsim(world.path(), {"index", "photos", "--set", "distributed.timeout_s=1"});
        EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
        EXPECT_NE(outcome.err.find("ranks 1 and 2 of 3"), std::string::npos) << outcome.err;
    }
    const Environment environment(rank_environment(1, 2, free_port()));
    Program program(world.path(), {"index", "photos"});
    const auto told = [&] {
        return read_text(world / ".stderr").find("waiting for rank 0") != std::string::npos;
    };
    while (program.running() && !told()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    program.signal(SIGINT);
    EXPECT_EQ(program.wait().exit_code, 130);
}

TEST(SeveralProcesses, APortThatIsTakenIsNamedInOneLine) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 2);
    const TakenPort port;
    const Environment environment(rank_environment(0, 2, port.number()));
    const Outcome outcome = run_clipsim(world.path(), {"index", "photos"});
    EXPECT_EQ(outcome.exit_code, 1) << outcome.err;
    EXPECT_NE(outcome.err.find("MASTER_PORT"), std::string::npos) << outcome.err;
    EXPECT_EQ(lines(outcome.err).size(), 1U) << outcome.err;
}

TEST(SeveralProcesses, RanksThatDifferNameWhatBeforeAnyWork) {
    const TemporaryFolder world;
    draw_photos(world / "photos", 6);
    draw_photos(world / "more", 7);
    std::filesystem::copy(CLIPSIM_SOURCE_DIR "/models/clip-nano", world / "other");
    write_text(world / "other/preprocessor_config.json", R"({"size": 128, "image_mean": [0.5, 0.5, 0.5]})");
    const std::vector<std::string> common{
        "--set", "model.clip=clip-nano", "--set", "data.root=photos", "--threads", "1"};
    const auto both = [&](const std::string& command, const std::vector<std::string>& more,
                          const std::string& named) {
        std::vector<std::string> first{command}, second{command};
        first.insert(first.end(), common.begin(), common.end());
        second.insert(second.end(), common.begin(), common.end());
        second.insert(second.end(), more.begin(), more.end());
        for (const Outcome& outcome : run_two(world.path(), first, second)) {
            EXPECT_EQ(outcome.exit_code, 2) << command << ' ' << named << '\n' << outcome.err;
            EXPECT_NE(outcome.err.find(named), std::string::npos) << command << '\n' << outcome.err;
            EXPECT_EQ(outcome.err.find("terminate"), std::string::npos) << outcome.err;
        }
        EXPECT_FALSE(std::filesystem::exists(world / "output/index/images.db"));
        EXPECT_FALSE(std::filesystem::exists(world / "output/checkpoints/last_state.pt"));
    };
    both("train", {"--set", "train.margin=0.7"}, "train.margin");
    both("train", {"--set", "data.root=more"}, "the photos");
    both("train", {"--set", "model.clip=other"}, "the model");
    both("index", {"--set", "model.clip=other"}, "the model");
    both("index", {"--set", "model.precision=int8"}, "model.precision");
    for (const Outcome& outcome : run_two(world.path(), {"train", "--set", "data.root=photos"},
                                          {"index", "--set", "data.root=photos"})) {
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        EXPECT_NE(outcome.err.find("the command"), std::string::npos) << outcome.err;
    }
}

}  // namespace
}  // namespace clipsim::testing
