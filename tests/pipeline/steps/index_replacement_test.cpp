#include "clipsim/pipeline/steps/index_replacement.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/updater.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const IndexIdentity model{"clip-lite", "hash-of-model", 2, 0, "hash-of-base", "fp32"};

class IndexReplacement : public ::testing::Test {
  protected:
    // An index of `count` images, "/p/FIRST.jpg" and so on.
    std::filesystem::path make(const std::string& name, int first, int count,
                               const IndexIdentity& whose = model) {
        std::vector<ImageEntry> entries;
        std::vector<float> vectors;
        for (int i = first; i < first + count; ++i) {
            ImageEntry entry;
            entry.path = "/p/" + std::to_string(i) + ".jpg";
            entries.push_back(entry);
            vectors.insert(vectors.end(), {1.0F, 0.0F});
        }
        IndexUpdater updater(open_folder_writer(folder_ / name, whose, {}, UpdateMode::update, 1, {}));
        updater.plan({}, {});
        updater.commit(entries, vectors);
        updater.finish();
        return folder_ / name;
    }

    std::string merge_refusal(const std::filesystem::path& place, const std::filesystem::path& part) {
        std::vector<MergePart> parts;
        parts.push_back(open_folder_part(part));
        return message_of<UsageError>([&] { check_place_of_merge(place, {}, parts); });
    }

    TemporaryFolder folder_;
};

TEST_F(IndexReplacement, AMergeReplacesAnEarlierStateOfItsParts) {
    const std::filesystem::path part = make("part", 0, 30);
    EXPECT_EQ(merge_refusal(folder_ / "none", part), "");
    EXPECT_EQ(merge_refusal(make("fewer", 0, 20), part), "");
    EXPECT_EQ(merge_refusal(make("some gone", 2, 30), part), "") << "two of thirty are in no part";
}

TEST_F(IndexReplacement, AMergeDoesNotReplaceSomethingElseUnasked) {
    const std::filesystem::path part = make("part", 0, 30);
    const std::string others = merge_refusal(make("others", 20, 30), part);
    EXPECT_NE(others.find("20 of which are in none of the parts"), std::string::npos) << others;
    EXPECT_NE(others.find("--rebuild"), std::string::npos);
    IndexIdentity tuned = model;
    tuned.model_hash = std::string("hash-of-tuned");
    EXPECT_NE(merge_refusal(make("tuned", 0, 30, tuned), part).find("fine-tuned head"), std::string::npos);
}

TEST_F(IndexReplacement, AnotherToolsVectorsMakeRoomForNoPhotos) {
    const std::filesystem::path imported = make("imported", 0, 3, {"v.npy", "hash-of-file", 2});
    const std::string message = message_of<UsageError>([&] { check_place_of_photos(imported, {}); });
    EXPECT_NE(message.find("3 vectors of v.npy"), std::string::npos) << message;
    EXPECT_EQ(message.find("--rebuild"), std::string::npos) << message;
    EXPECT_NO_THROW(check_place_of_matrix(imported, {}, "v.npy", {}));
    EXPECT_THROW(check_place_of_matrix(imported, {}, "w.npy", {}), UsageError);
    EXPECT_NO_THROW(check_place_of_photos(make("photos", 0, 3), {}));
    EXPECT_THROW(check_place_of_matrix(folder_ / "photos", {}, "v.npy", {}), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
