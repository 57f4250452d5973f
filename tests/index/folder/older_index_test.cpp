// An index that an earlier clipsim left (tests/fixtures/make_index_fixtures.sh): searched as it is, migrated
// by the next update, without embedding anything or writing index.faiss again.
#include <gtest/gtest.h>

#include <cstring>

#include "clipsim/index/folder/open_folder.h"
#include "clipsim/index/folder/sqlite_store.h"
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
        for (const Neighbour& hit : snapshot.vectors(Space::image).search(query, static_cast<int>(k)))
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
    EXPECT_EQ(snapshot.vectors(Space::image).search(std::vector<float>{0.8F, 0.6F, 0, 0}, 1).at(0).id, 7);
}

// Two spaces, HNSW, a picture removed since index.faiss was written
// (tests/fixtures/make_index_v3_fixture.sh).
class IndexOfVersion3 : public ::testing::Test {
  protected:
    IndexOfVersion3() {
        std::filesystem::copy(std::filesystem::path(CLIPSIM_FIXTURES) / "index_v3", index_);
        identity_ = read_manifest(index_ / "manifest.json").identity;
        const std::string bytes = read_text(index_ / "query.f32");
        query_.resize(bytes.size() / sizeof(float));
        std::memcpy(query_.data(), bytes.data(), bytes.size());
    }

    UpdateReport add(const std::string& path, const std::vector<float>& image,
                     const std::vector<float>& text) const {
        IndexParameters parameters;
        parameters.type = IndexType::hnsw;
        parameters.hnsw.m = 4;
        IndexUpdater updater(open_index_writer(index_, identity_, parameters, UpdateMode::update));
        updater.commit(std::vector<ImageEntry>{{path, {1, 2}, "h", "new", 5}}, image, text);
        return updater.finish();
    }

    TemporaryFolder folder_;
    std::filesystem::path index_ = folder_ / "index";
    IndexIdentity identity_;
    std::vector<float> query_;
};

TEST_F(IndexOfVersion3, IsSearchedInBothSpaces) {
    const auto reader = open_index_reader(index_, identity_);
    EXPECT_EQ(reader->description().parameters.type, IndexType::hnsw) << "answered without index.faiss";
    EXPECT_EQ(reader->description().images, 11);
    EXPECT_TRUE(reader->description().roots.empty());
    EXPECT_EQ(open_folder_part(index_).store->images().at(0).ctime_ns, 0);
    const std::vector<FoundImage> found = reader->nearest(query_, 12, Space::image, {});
    ASSERT_EQ(found.size(), 11U);
    EXPECT_EQ(found[0].path, "/tmp/clipsim_index_v3/photos/red/7.bmp");
    EXPECT_EQ(found[0].label, "red");
    EXPECT_NEAR(found[0].score, 1, 1e-5);
    std::vector<float> text(256);
    text[0] = 1;
    EXPECT_EQ(reader->nearest(text, 12, Space::text, {}).size(), 11U);
}

TEST_F(IndexOfVersion3, IsUpdatedInBothSpaces) {
    std::vector<float> text(256);
    text[0] = 1;
    const UpdateReport report = add("/new.bmp", query_, text);
    EXPECT_EQ(report.derivation, UpdateReport::Derivation::added_to) << "index.faiss was not taken over";
    EXPECT_EQ(report.total, 12);
    EXPECT_EQ(SqliteStore::open_for_reading(index_ / "images.db", identity_).images().back().ctime_ns, 5);
    const auto reader = open_index_reader(index_, identity_);
    EXPECT_EQ(reader->nearest(query_, 12, Space::image, {}).size(), 12U);
    EXPECT_EQ(reader->nearest(text, 1, Space::text, {}).at(0).path, "/new.bmp");
}

}  // namespace
}  // namespace clipsim::testing
