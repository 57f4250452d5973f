#include "clipsim/model/model_files.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "clipsim/core/error.h"
#include "model/model_fixtures.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class FindModel : public ::testing::Test {
  protected:
    ~FindModel() override { ::unsetenv("CLIPSIM_MODELS"); }
    void make(const std::string& name) const {
        for (const char* file : {"config.json", "model.safetensors", "preprocessor_config.json"}) {
            write_text(folder_.path() / name / file, "{}");
        }
    }
    TemporaryFolder folder_;
};

TEST_F(FindModel, TakesAFolderAndAFileInOne) {
    make("my model");
    for (const char* name : {"my model", "my model/", "my model/model.safetensors", "my model/."}) {
        const ModelFiles files = find_model((folder_ / name).string());
        EXPECT_EQ(files.id, "my model") << name;
        EXPECT_TRUE(std::filesystem::equivalent(files.weights, folder_ / "my model/model.safetensors"))
            << name;
    }
}

TEST_F(FindModel, FindsTheModelInTheBox) {
    EXPECT_EQ(find_model("clip-nano").id, "clip-nano");
}

TEST_F(FindModel, FindsKnownNamesWhereTheEnvironmentSays) {
    make("ViT-B-32");
    ::setenv("CLIPSIM_MODELS", folder_.path().c_str(), 1);
    EXPECT_EQ(find_model("ViT-B-32").config, folder_ / "ViT-B-32" / "config.json");
}

TEST_F(FindModel, AKnownNameThatIsNotHereSaysHowToGetIt) {
    const std::string message = message_of<UsageError>([] { find_model("ViT-L-14"); });
    EXPECT_NE(message.find("`clipsim model pull ViT-L-14`"), std::string::npos) << message;
    EXPECT_NE(message.find("openai/clip-vit-large-patch14"), std::string::npos) << message;
    EXPECT_NE(message.find("models/ViT-L-14/"), std::string::npos) << message;
    EXPECT_NE(message.find("model.safetensors"), std::string::npos) << message;
}

TEST_F(FindModel, AnUnknownNameShowsTheNearest) {
    const std::string message = message_of<UsageError>([] { find_model("ViT-B32"); });
    EXPECT_NE(message.find("did you mean ViT-B-32?"), std::string::npos) << message;
}

TEST_F(FindModel, AFolderThatLacksAFileNamesIt) {
    make("half");
    std::filesystem::remove(folder_ / "half/config.json");
    const std::string message = message_of<UsageError>([&] { find_model((folder_ / "half").string()); });
    EXPECT_NE(message.find("lacks config.json"), std::string::npos) << message;
}

class HubCache : public FindModel {
  protected:
    HubCache() { ::setenv("HF_HUB_CACHE", folder_.path().c_str(), 1); }
    ~HubCache() override { ::unsetenv("HF_HUB_CACHE"); }
    void download(const std::string& repository) const {
        make(repository + "/snapshots/0123abcd");
        write_text(folder_.path() / repository / "refs/main", "0123abcd\n");
    }
};

TEST_F(HubCache, HoldsRepositoriesByOwnerAndName) {
    download("models--laion--CLIP-small");
    const ModelFiles files = find_model("laion/CLIP-small");
    EXPECT_EQ(files.id, "laion/CLIP-small");
    EXPECT_EQ(files.config, folder_ / "models--laion--CLIP-small/snapshots/0123abcd/config.json");
    EXPECT_EQ(find_model("laion/CLIP-small@0123abcd").config, files.config);
    EXPECT_THROW(find_model("laion/CLIP-small@v2"), UsageError);
}

TEST_F(HubCache, HoldsKnownNamesToo) {
    download("models--openai--clip-vit-large-patch14");
    EXPECT_EQ(find_model("ViT-L-14").id, "ViT-L-14");
}

TEST_F(HubCache, WhatItDoesNotHoldIsSaidWithTheCommandThatFetchesIt) {
    const std::string message = message_of<UsageError>([] { find_model("laion/CLIP-other"); });
    EXPECT_NE(message.find("`clipsim model pull laion/CLIP-other`"), std::string::npos) << message;
    EXPECT_NE(message.find(folder_.path().string()), std::string::npos) << message;
}

TEST_F(HubCache, NamesThatWouldLeadOutOfItAreNoRepositories) {
    for (const char* name : {"../etc", "a/..", "a/b@..", "/a", "a/", "a/b/c"})
        EXPECT_THROW(find_model(name), UsageError) << name;
}

TEST(ModelFolder, TheProcessorConfigOfTransformers5IsItsPreprocessing) {
    const TemporaryFolder folder;
    for (const char* file : {"config.json", "model.safetensors", "preprocessor_config.json"})
        write_text(folder / file, "{}");
    const auto found = [&] { return find_model(folder.path().string()).preprocessor.filename(); };
    EXPECT_EQ(found(), "preprocessor_config.json");
    write_text(folder / "processor_config.json", R"({"processor_class": "CLIPProcessor"})");  // an older one
    EXPECT_EQ(found(), "preprocessor_config.json");
    write_text(folder / "processor_config.json", R"({"image_processor": {"size": 32}})");
    EXPECT_EQ(found(), "processor_config.json");
    std::filesystem::remove(folder / "preprocessor_config.json");
    EXPECT_EQ(found(), "processor_config.json");
}

}  // namespace
}  // namespace clipsim::testing
