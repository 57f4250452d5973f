#include "clipsim/core/hub_cache.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// The variables that say where the cache is, put back after a test.
class HubCacheFolder : public ::testing::Test {
  protected:
    HubCacheFolder() {
        for (const char* name :
             {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"}) {
            const char* value = std::getenv(name);
            if (value != nullptr) before_[name] = value;
            names_.emplace_back(name);
            ::unsetenv(name);
        }
    }
    ~HubCacheFolder() override {
        for (const std::string& name : names_) {
            ::unsetenv(name.c_str());
            if (before_.contains(name)) ::setenv(name.c_str(), before_[name].c_str(), 1);
        }
    }

  private:
    std::map<std::string, std::string> before_;
    std::vector<std::string> names_;
};

TEST_F(HubCacheFolder, IsWhereHuggingfaceHubLooks) {
    EXPECT_EQ(hub_cache_folder(), "");
    ::setenv("HOME", "/home/ann", 1);
    EXPECT_EQ(hub_cache_folder(), "/home/ann/.cache/huggingface/hub");
    ::setenv("XDG_CACHE_HOME", "/cache", 1);
    EXPECT_EQ(hub_cache_folder(), "/cache/huggingface/hub");
    ::setenv("HF_HOME", "~/hf", 1);
    EXPECT_EQ(hub_cache_folder(), "/home/ann/hf/hub");
    ::setenv("HUGGINGFACE_HUB_CACHE", "/old", 1);
    EXPECT_EQ(hub_cache_folder(), "/old");
    ::setenv("HF_HUB_CACHE", "/models", 1);
    EXPECT_EQ(hub_cache_folder(), "/models");
    EXPECT_EQ(huggingface_home(), "/home/ann/hf");
}

TEST(HubRepository, IsOwnerAndNameAndMaybeARevision) {
    const auto plain = parse_hub_repository("openai/clip-vit-base-patch32");
    ASSERT_TRUE(plain);
    EXPECT_EQ(plain->id(), "openai/clip-vit-base-patch32");
    EXPECT_EQ(plain->revision, "main");
    const auto other = parse_hub_repository("a/b@refs/pr/3");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->name, "b");
    EXPECT_EQ(other->revision, "refs/pr/3");
}

TEST(HubRepository, IsNothingThatLeadsOutOfAFolder) {
    for (const char* text : {"", "a", "/a", "a/", "a/b/c", "../etc", "a/..", "a/b@", "a/b@..", "a/b@x/../y",
                             "a/b@/x", "a/b@x/", "a\\b/c", "a/b\n"}) {
        EXPECT_FALSE(parse_hub_repository(text)) << text;
    }
}

TEST(CachedSnapshot, FollowsTheRevisionToItsCommit) {
    const TemporaryFolder cache;
    const HubRepository repository{"o", "n", "refs/pr/3"};
    const auto folder = hub_repository_folder(cache.path(), repository);
    EXPECT_EQ(folder, cache / "models--o--n");
    EXPECT_FALSE(cached_snapshot(cache.path(), repository));
    write_text(folder / "refs/refs/pr/3", "0123abcd");
    EXPECT_FALSE(cached_snapshot(cache.path(), repository));
    write_text(folder / "snapshots/0123abcd/config.json", "{}");
    EXPECT_EQ(cached_snapshot(cache.path(), repository), folder / "snapshots/0123abcd");
    EXPECT_EQ(cached_snapshot(cache.path(), {"o", "n", "0123abcd"}), folder / "snapshots/0123abcd");
    write_text(folder / "refs/evil", "..");
    EXPECT_FALSE(cached_snapshot(cache.path(), {"o", "n", "evil"}));
}

}  // namespace
}  // namespace clipsim::testing
