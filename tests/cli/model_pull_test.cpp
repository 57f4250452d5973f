// `clipsim model pull` and `model list` as a shell sees them; what a pull does is tested in tests/hub.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "cli/program.h"
#include "hub/hub_server.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class ModelPullCommand : public ::testing::Test {
  protected:
    ModelPullCommand() {
        ::setenv("HF_HUB_CACHE", (world / "hub").c_str(), 1);
        ::setenv("HF_ENDPOINT", "http://127.0.0.1:1", 1);  // where nobody listens
        ::setenv("no_proxy", "127.0.0.1,localhost", 1);
    }
    ~ModelPullCommand() override {
        for (const char* name : {"HF_HUB_CACHE", "HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_TOKEN"})
            ::unsetenv(name);
    }
    TemporaryFolder world;
};

TEST_F(ModelPullCommand, OfANameThatIsNoneSaysTheNearest) {
    const Outcome outcome = run_clipsim(world.path(), {"model", "pull", "ViT-B32"});
    EXPECT_EQ(outcome.exit_code, 2);
    EXPECT_NE(outcome.err.find("did you mean ViT-B-32?"), std::string::npos) << outcome.err;
    EXPECT_EQ(run_clipsim(world.path(), {"model", "pull", "../../etc"}).exit_code, 2);
    EXPECT_EQ(run_clipsim(world.path(), {"model", "pull"}).exit_code, 2);
    EXPECT_EQ(run_clipsim(world.path(), {"model", "pull", "clip-nano"}).exit_code, 2);
}

TEST_F(ModelPullCommand, WithoutANetworkFailsInOneLineThatNamesTheHub) {
    ::setenv("HF_TOKEN", "hf_secret", 1);
    const Outcome outcome = run_clipsim(world.path(), {"model", "pull", "ViT-B-32", "--log-level", "debug"});
    EXPECT_EQ(outcome.exit_code, 1);
    EXPECT_EQ(outcome.out, "");
    EXPECT_NE(outcome.err.find("http://127.0.0.1:1"), std::string::npos) << outcome.err;
    EXPECT_EQ(outcome.err.find("hf_secret"), std::string::npos) << outcome.err;
}

TEST_F(ModelPullCommand, OfflineFindsWhatIsInTheCacheAndPrintsItsFolder) {
    ::setenv("HF_HUB_OFFLINE", "1", 1);
    EXPECT_EQ(run_clipsim(world.path(), {"model", "pull", "ViT-B-32"}).exit_code, 2);
    const auto folder = world / "hub/models--openai--clip-vit-base-patch32";
    write_text(folder / "refs/main", "0123abcd");
    for (const char* file : {"config.json", "model.safetensors", "preprocessor_config.json"})
        write_text(folder / "snapshots/0123abcd" / file, "{}");
    const Outcome outcome = run_clipsim(world.path(), {"model", "pull", "ViT-B-32"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, (folder / "snapshots/0123abcd").string() + "\n");
}

// A hub with the model in the box as owner/small.
void fill(HubServer& hub) {
    for (const auto& entry : std::filesystem::directory_iterator(CLIPSIM_SOURCE_DIR "/models/clip-nano")) {
        const std::string name = entry.path().filename().string();
        hub.files[name] = {read_text(entry.path()), name == "model.safetensors"};
    }
}

TEST_F(ModelPullCommand, BringsAModelThatTheOtherCommandsFind) {
    HubServer hub;
    fill(hub);
    ::setenv("HF_ENDPOINT", hub.endpoint().c_str(), 1);
    const Outcome missing = run_clipsim(world.path(), {"model", "info", "owner/small"});
    EXPECT_EQ(missing.exit_code, 2);
    EXPECT_NE(missing.err.find("`clipsim model pull owner/small`"), std::string::npos) << missing.err;
    const Outcome pull = run_clipsim(world.path(), {"model", "pull", "owner/small"});
    EXPECT_EQ(pull.exit_code, 0) << pull.err;
    EXPECT_EQ(pull.out, (world / "hub/models--owner--small/snapshots" / hub.commit).string() + "\n");
    const Outcome info = run_clipsim(world.path(), {"model", "info", "owner/small"});
    EXPECT_EQ(info.exit_code, 0) << info.err;
}

TEST_F(ModelPullCommand, EndedByCtrlCKeepsWhatCame) {
    HubServer hub;
    fill(hub);
    hub.fail("model.safetensors", {{.cut_after = 100'000, .hold = true}});
    ::setenv("HF_ENDPOINT", hub.endpoint().c_str(), 1);
    Program program(world.path(), {"model", "pull", "owner/small"});
    const auto partial = world / "hub/models--owner--small/blobs" /
                         (sha256_of(hub.files.at("model.safetensors").content) + ".incomplete");
    std::error_code error;
    while (program.running() && (std::filesystem::file_size(partial, error) != 100'000 || error))
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    program.signal(SIGINT);
    const Outcome outcome = program.wait();
    EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
    EXPECT_NE(outcome.err.find("what was downloaded is kept"), std::string::npos) << outcome.err;
    EXPECT_EQ(std::filesystem::file_size(partial), 100'000);
}

TEST_F(ModelPullCommand, ListShowsWhatIsHere) {
    const Outcome outcome = run_clipsim(world.path(), {"model", "list"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    const auto line_of = [&](const std::string& name) {
        const auto start = outcome.out.find("\n" + name + " ") + 1;
        return outcome.out.substr(start, outcome.out.find('\n', start) - start);
    };
    EXPECT_NE(line_of("clip-lite").find(" yes "), std::string::npos) << outcome.out;
    EXPECT_NE(line_of("clip-nano").find(" yes "), std::string::npos) << outcome.out;
    EXPECT_NE(line_of("dinov2-base").find("facebook/dinov2-base"), std::string::npos) << outcome.out;
    EXPECT_NE(line_of("dinov2-base").find(" no "), std::string::npos) << outcome.out;
}

}  // namespace
}  // namespace clipsim::testing
