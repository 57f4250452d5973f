#include "clipsim/index/complete_shards.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class CompleteShards : public ::testing::Test {
  protected:
    // An index of one photo, of shard I of N of a folder; number 0: of no shard.
    std::filesystem::path make(const std::string& name, int number, int count,
                               const std::filesystem::path& root = "/photos",
                               const IndexIdentity& identity = {"tiny", "aaaa", 2}) const {
        IndexUpdater updater(open_index_writer(folder_ / name, identity, {}, UpdateMode::update));
        PlanOptions options;
        const IndexRoots roots(std::span(&root, 1));
        options.roots = &roots;
        if (number > 0) options.shard = Shard{number, count};
        updater.plan({}, {}, options);
        updater.commit(std::vector<ImageEntry>{{root / name, {1, 1}, name, ""}}, std::vector<float>{1, 0});
        updater.finish();
        return folder_ / name;
    }

    static std::string problem(const std::vector<std::filesystem::path>& folders) {
        std::vector<MergePart> parts;
        for (const auto& folder : folders) parts.push_back(open_folder_part(folder));
        return message_of<UsageError>([&] { require_complete(parts); });
    }

    TemporaryFolder folder_;
};

TEST_F(CompleteShards, EachOnceIsAWholeAndIndexesThatAreNoShardsAreToo) {
    EXPECT_EQ(problem({make("b", 2, 2), make("a", 1, 2)}), "");
    EXPECT_EQ(problem({make("whole", 0, 0), make("other", 0, 0, "/more")}), "");
}

TEST_F(CompleteShards, WhatIsMissingTwiceOrForeignIsNamed) {
    const auto one = make("one", 1, 3), three = make("three", 3, 3), again = make("again", 1, 3);
    EXPECT_NE(problem({one, three}).find("2/3 is missing"), std::string::npos);
    const std::string twice = problem({one, again, three});
    EXPECT_NE(twice.find("one and "), std::string::npos) << twice;
    EXPECT_NE(twice.find("again are both 1/3"), std::string::npos) << twice;
    EXPECT_NE(problem({make("half", 1, 2), make("third", 2, 3)}).find("one of 3"), std::string::npos);
    EXPECT_NE(problem({make("here", 1, 2), make("there", 2, 2, "/others")}).find("/others"),
              std::string::npos);
    EXPECT_NE(problem({make("shard", 1, 2), make("none", 0, 0)}).find("does not say which shard"),
              std::string::npos);
    EXPECT_NE(problem({one}).find("--partial"), std::string::npos);
}

TEST_F(CompleteShards, RowsOfMatricesHaveOneNameEach) {
    const IndexIdentity matrix{"v.npy", "aaaa", 2}, other{"w.npy", "bbbb", 2};
    std::vector<MergePart> parts;
    parts.push_back(open_folder_part(make("v", 0, 0, "/v", matrix)));
    parts.push_back(open_folder_part(make("w", 0, 0, "/w", other)));
    EXPECT_NO_THROW(require_distinct_names(parts));
    EXPECT_EQ(common_identity(parts).dimension, 2);
    EXPECT_NE(common_identity(parts).model_hash, "aaaa");
    std::filesystem::copy(folder_ / "v", folder_ / "copy");
    parts.push_back(open_folder_part(folder_ / "copy"));
    EXPECT_NE(message_of<UsageError>([&] { require_distinct_names(parts); }).find("/v/v"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
