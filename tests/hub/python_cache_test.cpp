// The cache is shared with Python's huggingface_hub: each finds what the other pulled.
#include <gtest/gtest.h>

#include <cstdlib>

#include "clipsim/core/text.h"
#include "clipsim/hub/pull.h"
#include "hub/hub_server.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class PythonsCache : public ::testing::Test {
  protected:
    void SetUp() override {
        ::setenv("no_proxy", "127.0.0.1,localhost", 1);
        const char* given = std::getenv("CLIPSIM_TEST_PYTHON");
        python = given == nullptr ? "" : concat("'", given, "'");  // its path may have spaces
        if (python.empty() || std::system((python + " -c 'import huggingface_hub' 2>/dev/null").c_str()) != 0)
            GTEST_SKIP() << "CLIPSIM_TEST_PYTHON names no Python with huggingface_hub";
        hub.files["config.json"] = {"{}"};
        hub.files["model.safetensors"] = {noise(100'000), true};
        settings.endpoint = hub.endpoint();
        settings.cache = std::filesystem::canonical(folder.path()) / "hub";
        settings.progress = ProgressStyle::none;
    }
    int run(const std::string& arguments) const {
        const std::string command = concat("HF_ENDPOINT=", hub.endpoint(), " HF_HUB_DISABLE_PROGRESS_BARS=1 ",
                                           python, " '", CLIPSIM_FIXTURES, "/hub_cache.py' ", arguments);
        return std::system(command.c_str());
    }

    TemporaryFolder folder;
    HubServer hub;
    HubSettings settings;
    std::string python;
};

TEST_F(PythonsCache, HoldsWhatWePulled) {
    const PulledModel model = pull_model({"owner", "small"}, settings);
    ASSERT_EQ(run(concat("find '", settings.cache.string(), "' owner/small config.json model.safetensors > '",
                         (folder / "out").string(), "'")),
              0);
    EXPECT_EQ(read_text(folder / "out"), model.folder.string() + "\n");
}

TEST_F(PythonsCache, HoldsForUsWhatPythonPulled) {
    ASSERT_EQ(run(concat("pull '", settings.cache.string(), "' owner/small ", hub.commit,
                         " config.json model.safetensors")),
              0);
    const auto downloads = hub.downloads("model.safetensors");
    EXPECT_EQ(cached_snapshot(settings.cache, {"owner", "small", hub.commit}),
              settings.cache / "models--owner--small/snapshots" / hub.commit);
    EXPECT_EQ(pull_model({"owner", "small"}, settings).downloaded_bytes, 0);
    EXPECT_EQ(hub.downloads("model.safetensors"), downloads);
}

}  // namespace
}  // namespace clipsim::testing
