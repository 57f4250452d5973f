#include "clipsim/index/merge_indexes.h"

#include <gtest/gtest.h>

#include <map>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/index/open/open_index.h"
#include "clipsim/index/shard.h"
#include "clipsim/index/updater.h"
#include "clipsim/vectors/vector_index.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 8;
const IndexIdentity identity{"tiny", "aaaa", dimension};

class MergeIndexes : public ::testing::Test {
  protected:
    // An index of the numbered photos that `holds` picks, as `index --shard` would leave it.
    template <typename Holds>
    std::filesystem::path make(const std::string& name, Holds&& holds, const IndexIdentity& whose = identity,
                               std::int64_t mtime = 1, unsigned seed = 1) const {
        const std::filesystem::path folder = folder_ / name;
        const std::vector<float> all = unit_vectors(count, dimension, seed);
        std::vector<ImageEntry> entries;
        std::vector<float> vectors;
        for (std::size_t i = 0; i < count; ++i) {
            const std::filesystem::path path = "/photos/" + std::to_string(i) + ".jpg";
            if (!holds(path)) continue;
            entries.push_back({path, {10, mtime}, std::to_string(i), "cat"});
            const auto row = std::span(all).subspan(i * dimension, dimension);
            vectors.insert(vectors.end(), row.begin(), row.end());
        }
        IndexUpdater updater(open_index_writer(folder, whose, {}, IndexUpdater::Mode::update));
        updater.plan({}, {});
        updater.commit(entries, vectors);
        updater.finish();
        return folder;
    }

    std::vector<std::filesystem::path> shards(int of) const {
        std::vector<std::filesystem::path> folders;
        for (int i = 1; i <= of; ++i) {
            const Shard shard{i, of};
            folders.push_back(make(shard.folder_name(), [&](const auto& path) { return shard.holds(path); }));
        }
        return folders;
    }

    // Path and score of the ten nearest to a few queries.
    std::vector<std::pair<std::string, float>> answers(const std::filesystem::path& folder) const {
        const Manifest manifest = read_manifest(folder / "manifest.json");
        const SqliteStore store = SqliteStore::open_for_reading(folder / "images.db", identity);
        const VectorIndex index = VectorIndex::open(folder / "index.faiss", manifest.parameters, dimension);
        std::vector<std::pair<std::string, float>> found;
        const std::vector<float> queries = unit_vectors(5, dimension, 9);
        for (std::size_t q = 0; q < 5; ++q) {
            for (const Neighbour& hit :
                 index.search(std::span(queries).subspan(q * dimension, dimension), 10))
                found.emplace_back(store.find(hit.id)->path.string(), hit.score);
        }
        return found;
    }

    // Into the folder "merged".
    MergeSummary merge(const std::vector<std::filesystem::path>& folders, const MergeOptions& options = {}) {
        std::vector<MergePart> parts;
        for (const auto& folder : folders) parts.push_back(open_folder_part(folder));
        const IndexIdentity whose = common_identity(parts);
        return merge_indexes(std::move(parts),
                             open_index_writer(folder_ / "merged", whose, {}, UpdateMode::rebuild), options);
    }

    static constexpr std::size_t count = 200;
    TemporaryFolder folder_;
};

TEST_F(MergeIndexes, EachFileBelongsToOneShardAndNoneIsEmpty) {
    std::map<int, int> files;
    for (std::size_t i = 0; i < count; ++i) {
        int holders = 0;
        for (int number = 1; number <= 5; ++number) {
            if (!Shard{number, 5}.holds("/photos/" + std::to_string(i) + ".jpg")) continue;
            ++holders;
            ++files[number];
        }
        EXPECT_EQ(holders, 1);
    }
    for (int number = 1; number <= 5; ++number) EXPECT_GT(files[number], 20);
    EXPECT_EQ(parse_shard("2/8").number, 2);
    EXPECT_EQ(parse_shard("2/8").count, 8);
    for (const char* wrong : {"", "2", "0/8", "9/8", "a/b", "2/8x", "-1/2", "1/0", "1/999999999999"})
        EXPECT_THROW(parse_shard(wrong), UsageError) << wrong;
}

TEST_F(MergeIndexes, TheMergedIndexAnswersAsOneBuiltInOneGo) {
    const std::filesystem::path whole = make("whole", [](const auto&) { return true; });
    const MergeSummary summary = merge(shards(3));
    EXPECT_EQ(summary.report.total, static_cast<std::int64_t>(count));
    EXPECT_EQ(summary.duplicates, 0U);
    EXPECT_EQ(answers(folder_ / "merged"), answers(whole));
    const SqliteStore store = SqliteStore::open_for_reading(folder_ / "merged/images.db", identity);
    EXPECT_EQ(store.images().at(0).label, "cat");
    EXPECT_EQ(store.images().at(0).stamp, (FileStamp{10, 1}));
}

TEST_F(MergeIndexes, OfTwoWithOnePathTheNewestCounts) {
    const auto all = [](const auto&) { return true; };
    const std::filesystem::path newer = make("newer", all, identity, 9, 2);
    const std::filesystem::path older = make("older", all, identity, 5, 1);
    const MergeSummary summary = merge(std::vector{newer, older});
    EXPECT_EQ(summary.duplicates, count);
    EXPECT_EQ(summary.report.total, static_cast<std::int64_t>(count));
    EXPECT_EQ(answers(folder_ / "merged"), answers(newer));
}

TEST_F(MergeIndexes, ReplacesWhatWasThereAndGoesOnAfterAKill) {
    const std::vector<std::filesystem::path> parts = shards(2);
    make("merged", [](const auto& path) { return path.stem() == "7"; });
    {
        // A merge that was killed: images aside, one of them no part's any more.
        IndexUpdater killed(open_index_writer(folder_ / "merged", identity, {}, IndexUpdater::Mode::rebuild));
        killed.commit(std::vector<ImageEntry>{{"/photos/gone.jpg", {}, "g", ""}}, unit_vectors(1, dimension));
    }
    EXPECT_EQ(answers(folder_ / "merged").size(), 5U) << "readers keep the earlier one";
    EXPECT_EQ(merge(parts).report.total, static_cast<std::int64_t>(count));
}

TEST_F(MergeIndexes, AStopLeavesTheEarlierIndex) {
    const std::vector<std::filesystem::path> parts = shards(2);
    make("merged", [](const auto& path) { return path.stem() == "7"; });
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(merge(parts, {ProgressStyle::automatic, stop.get_token()}), Interrupted);
    EXPECT_EQ(answers(folder_ / "merged").size(), 5U);
}

TEST_F(MergeIndexes, UnfinishedPartsAndOtherModelsAreRefusedByName) {
    const std::filesystem::path good = make("good", [](const auto&) { return true; });
    const auto refusal = [&](const std::filesystem::path& other) {
        try {
            merge(std::vector{good, other});
        } catch (const UsageError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const std::filesystem::path foreign =
        make("foreign", [](const auto&) { return true; }, {"other", "bbbb", dimension});
    EXPECT_NE(refusal(foreign).find("foreign was made with"), std::string::npos);
    EXPECT_NE(refusal(folder_ / "none").find("none holds no finished index"), std::string::npos);
    EXPECT_THROW(merge({}), UsageError);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "merged"));
}

}  // namespace
}  // namespace clipsim::testing
