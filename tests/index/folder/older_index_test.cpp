// An index that an earlier clipsim left (tests/fixtures/make_index_fixtures.sh): searched as it is, migrated
// by the next update, without embedding anything or writing index.faiss again.
#include <gtest/gtest.h>

#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "index_snapshot.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class OlderIndex : public ::testing::Test {
  protected:
    OlderIndex() {
        std::filesystem::copy(std::filesystem::path(CLIPSIM_FIXTURES) / "index_v2", index_);
        identity_ = read_manifest(index_ / "manifest.json").identity;
    }

    std::vector<std::string> nearest(std::size_t k) const {
        const IndexSnapshot snapshot = IndexSnapshot::open(index_, identity_);
        EXPECT_EQ(snapshot.manifest().images, 6) << "answered without index.faiss";
        std::vector<std::string> names;
        const std::vector<float> query{0.8F, 0.6F, 0, 0};
        for (const Neighbour& hit : snapshot.vectors(IndexSpace::own).search(query, static_cast<int>(k)))
            names.push_back(snapshot.find(std::vector{hit.id}).at(0).path.string());
        return names;
    }

    TemporaryFolder folder_;
    std::filesystem::path index_ = folder_ / "index";
    IndexIdentity identity_;
    const std::vector<std::string> expected_{"row 4", "row 0", "row 1"};
};

TEST_F(OlderIndex, IsSearchedAsItIs) {
    EXPECT_EQ(read_manifest(index_ / "manifest.json").schema_version, 2);
    EXPECT_EQ(nearest(3), expected_);
}

TEST_F(OlderIndex, IsMigratedByAnUpdate) {
    const std::string vectors = read_text(index_ / "index.faiss");
    {
        IndexUpdater updater(open_index_writer(index_, identity_, {}, IndexUpdater::Mode::update));
        const UpdateReport report = updater.finish();
        EXPECT_EQ(report.derivation, UpdateReport::Derivation::kept);
        EXPECT_EQ(report.total, 6);
    }
    const Manifest manifest = read_manifest(index_ / "manifest.json");
    EXPECT_EQ(manifest.schema_version, Manifest::current_schema_version);
    EXPECT_EQ(manifest.last_id, 6);
    EXPECT_EQ(read_text(index_ / "index.faiss"), vectors);
    EXPECT_EQ(nearest(3), expected_);

    IndexUpdater updater(open_index_writer(index_, identity_, {}, IndexUpdater::Mode::update));
    updater.commit(std::vector<ImageEntry>{{"/new", {1, 2}, "h", "cat"}},
                   std::vector<float>{0.8F, 0.6F, 0, 0});
    EXPECT_EQ(updater.finish().total, 7);
    const IndexSnapshot snapshot = IndexSnapshot::open(index_, identity_);
    EXPECT_EQ(snapshot.vectors(IndexSpace::own).search(std::vector<float>{0.8F, 0.6F, 0, 0}, 1).at(0).id, 7);
}

}  // namespace
}  // namespace clipsim::testing
