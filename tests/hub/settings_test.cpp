#include "clipsim/hub/settings.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class HubSettingsOfTheEnvironment : public ::testing::Test {
  protected:
    HubSettingsOfTheEnvironment() {
        for (const char* name :
             {"HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE",
              "HUGGINGFACE_HUB_CACHE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HOME"}) {
            const char* value = std::getenv(name);
            before_[name] = value == nullptr ? std::optional<std::string>() : value;
            ::unsetenv(name);
        }
        set("HF_HOME", folder.path().string());
    }
    ~HubSettingsOfTheEnvironment() override {
        for (const auto& [name, value] : before_) {
            value ? ::setenv(name.c_str(), value->c_str(), 1) : ::unsetenv(name.c_str());
        }
    }
    static void set(const char* name, const std::string& value) { ::setenv(name, value.c_str(), 1); }

    TemporaryFolder folder;

  private:
    std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(HubSettingsOfTheEnvironment, AreThePublicHubAsNobody) {
    const HubSettings settings = hub_settings_from_environment();
    EXPECT_EQ(settings.endpoint, "https://huggingface.co");
    EXPECT_EQ(settings.token, "");
    EXPECT_EQ(settings.cache, folder / "hub");
    EXPECT_FALSE(settings.offline);
}

TEST_F(HubSettingsOfTheEnvironment, TakeTheTokenFromTheVariableBeforeTheFile) {
    write_text(folder / "token", "hf_file\n");
    EXPECT_EQ(hub_settings_from_environment().token, "hf_file");
    write_text(folder / "elsewhere", " hf_elsewhere ");
    set("HF_TOKEN_PATH", (folder / "elsewhere").string());
    EXPECT_EQ(hub_settings_from_environment().token, "hf_elsewhere");
    set("HF_TOKEN", "hf_variable\n");
    EXPECT_EQ(hub_settings_from_environment().token, "hf_variable");
    set("HF_TOKEN", "");
    EXPECT_EQ(hub_settings_from_environment().token, "hf_elsewhere");
}

TEST_F(HubSettingsOfTheEnvironment, RefuseATokenThatIsNoneAndDoNotShowIt) {
    set("HF_TOKEN", "hf_secret\r\nX-Header: 1");
    try {
        hub_settings_from_environment();
        ADD_FAILURE();
    } catch (const UsageError& error) {
        EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos) << error.what();
        EXPECT_NE(std::string(error.what()).find("HF_TOKEN"), std::string::npos) << error.what();
    }
}

TEST_F(HubSettingsOfTheEnvironment, TakeAnotherHubThatIsAWebAddress) {
    set("HF_ENDPOINT", "https://hub.example.org/mirror/");
    EXPECT_EQ(hub_settings_from_environment().endpoint, "https://hub.example.org/mirror");
    for (const char* text : {"hub.example.org:x", "ftp://hub.example.org", "https://", "file:///etc",
                             "https://ann:pw@hub.example.org", "https://hub.example.org/?a=b"}) {
        set("HF_ENDPOINT", text);
        EXPECT_THROW(hub_settings_from_environment(), UsageError) << text;
    }
}

TEST_F(HubSettingsOfTheEnvironment, AreOfflineWhenTheVariableSaysSo) {
    for (const char* text : {"1", "true", "ON", "Yes"}) {
        set("HF_HUB_OFFLINE", text);
        EXPECT_TRUE(hub_settings_from_environment().offline) << text;
    }
    for (const char* text : {"0", "", "false", "no"}) {
        set("HF_HUB_OFFLINE", text);
        EXPECT_FALSE(hub_settings_from_environment().offline) << text;
    }
}

}  // namespace
}  // namespace clipsim::testing
