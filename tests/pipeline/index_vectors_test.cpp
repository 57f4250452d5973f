#include "clipsim/pipeline/index_vectors.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/manifest.h"
#include "clipsim/index/folder/sqlite_store.h"
#include "clipsim/pipeline/search_vectors.h"
#include "clipsim/pipeline/steps/npy.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class VectorCollection : public ::testing::Test {
  protected:
    VectorCollection() {
        config_.output_dir = (world_ / "out").string();
        // Row i points i degrees up from the first axis, and is no unit vector.
        for (int i = 0; i < 90; ++i) {
            const double angle = i * 3.14159265358979 / 180;
            values_.push_back(static_cast<float>((1 + i) * std::cos(angle)));
            values_.push_back(static_cast<float>((1 + i) * std::sin(angle)));
        }
        write_npy(world_ / "v.npy", values_, 90, 2);
    }

    std::string refusal(const std::filesystem::path& vectors,
                        const std::optional<std::filesystem::path>& names) {
        try {
            index_vectors(config_, vectors, names);
            return {};
        } catch (const UsageError& error) {
            return error.what();
        }
    }

    TemporaryFolder world_;
    Config config_;
    std::vector<float> values_;
};

TEST_F(VectorCollection, IndexingAgainReplacesWhatWasThere) {
    index_vectors(config_, world_ / "v.npy", std::nullopt);
    write_npy(world_ / "w.npy", std::vector<float>{0, 1, 0, 1, 0, 0}, 2, 3);
    EXPECT_NE(refusal(world_ / "w.npy", std::nullopt).find("90 vectors of v.npy"), std::string::npos)
        << "another matrix is something else";
    std::filesystem::rename(world_ / "w.npy", world_ / "v.npy");
    EXPECT_EQ(index_vectors(config_, world_ / "v.npy", std::nullopt).report.total, 2);
    EXPECT_EQ(read_manifest(world_ / "out/index/manifest.json").identity.dimension, 3);
    write_npy(world_ / "q.npy", std::vector<float>{1, 0, 0}, 1, 3);
    search_vectors(config_, {world_ / "q.npy", world_ / "i.npy", 2, {}});
    EXPECT_EQ(read_text(world_ / "i.npy").substr(128, 8), std::string("\1\0\0\0\0\0\0\0", 8));
}

TEST_F(VectorCollection, KeepsTheNamesOfRows) {
    std::string names;
    for (int i = 0; i < 90; ++i) names += "photo " + std::to_string(i) + ".jpg\n";
    write_text(world_ / "names.txt", names);
    index_vectors(config_, world_ / "v.npy", world_ / "names.txt");
    const Manifest manifest = read_manifest(world_ / "out/index/manifest.json");
    const SqliteStore store =
        SqliteStore::open_for_reading(world_ / "out/index/images.db", manifest.identity);
    EXPECT_EQ(store.images().at(7).path, "photo 7.jpg");
}

TEST_F(VectorCollection, NamesMayComeFromAnEditorOfAnotherSystem) {
    std::string names = "\xEF\xBB\xBF";
    for (int i = 0; i < 90; ++i) names += "photo " + std::to_string(i) + ".jpg\r\n";
    write_text(world_ / "names.txt", names);
    index_vectors(config_, world_ / "v.npy", world_ / "names.txt");
    const std::filesystem::path database = world_ / "out/index/images.db";
    const SqliteStore store = SqliteStore::open_for_reading(database, SqliteStore::identity_of(database));
    EXPECT_EQ(store.images().at(0).path, "photo 0.jpg");
    EXPECT_EQ(store.images().at(7).path, "photo 7.jpg");
}

TEST_F(VectorCollection, RowsAreAddedAndTakenOutByName) {
    index_vectors(config_, world_ / "v.npy", std::nullopt);
    write_npy(world_ / "w.npy", std::vector<float>{-1, 0, 0, -1}, 2, 2);
    EXPECT_EQ(add_vectors(config_, world_ / "w.npy", std::nullopt).report.total, 92);
    write_text(world_ / "names.txt", "row 90\nnew\n");
    EXPECT_NE(message_of<UsageError>([&] {
                  add_vectors(config_, world_ / "w.npy", world_ / "names.txt");
              }).find("\"row 90\" already"),
              std::string::npos);
    EXPECT_NE(refusal(world_ / "v.npy", std::nullopt).find("2 of which `clipsim vectors add` brought"),
              std::string::npos);
    EXPECT_EQ(remove_vectors(config_, {"row 90", "row 0"}, false).size(), 2U);
    write_npy(world_ / "q.npy", std::vector<float>{0, -1}, 1, 2);
    VectorSearchRequest request{world_ / "q.npy", {}, 1, {}};
    request.names = true;
    const VectorSearchSummary answer = search_vectors(config_, request);
    ASSERT_EQ(answer.found.size(), 1U);
    EXPECT_EQ(answer.found[0].at(0).name, "row 91");
    EXPECT_NEAR(answer.found[0].at(0).score, 1, 1e-6);
    write_npy(world_ / "wide.npy", std::vector<float>{1, 0, 0}, 1, 3);
    EXPECT_THROW(add_vectors(config_, world_ / "wide.npy", std::nullopt), UsageError);
}

TEST_F(VectorCollection, ADamagedIndexIsNotTakenForNone) {
    index_vectors(config_, world_ / "v.npy", std::nullopt);
    std::filesystem::resize_file(world_ / "out/index/images.db", 8192);
    const std::string message =
        message_of<Error>([&] { index_vectors(config_, world_ / "v.npy", std::nullopt); });
    EXPECT_NE(message.find("is damaged; `clipsim vectors index v.npy --rebuild`"), std::string::npos)
        << message;
    EXPECT_EQ(index_vectors(config_, world_ / "v.npy", std::nullopt, true).report.total, 90);
}

TEST_F(VectorCollection, BadInputIsRefusedByName) {
    write_npy(world_ / "zero.npy", std::vector<float>{1, 0, 0, 0}, 2, 2);
    EXPECT_NE(refusal(world_ / "zero.npy", std::nullopt).find("row 1 is all zeros"), std::string::npos);
    write_npy(world_ / "nan.npy", std::vector<float>{NAN, 0}, 1, 2);
    EXPECT_NE(refusal(world_ / "nan.npy", std::nullopt).find("row 0 holds values"), std::string::npos);
    write_text(world_ / "names.txt", "one\ntwo\n");
    EXPECT_NE(refusal(world_ / "v.npy", world_ / "names.txt").find("2 lines for 90"), std::string::npos);
    std::string twice;
    for (int i = 0; i < 90; ++i) twice += "same\n";
    write_text(world_ / "names.txt", twice);
    EXPECT_NE(refusal(world_ / "v.npy", world_ / "names.txt").find("\"same\" is listed twice"),
              std::string::npos);
    EXPECT_NE(refusal(world_ / "v.npy", world_ / "none.txt").find("can't be read"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
