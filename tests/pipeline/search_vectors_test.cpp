#include "clipsim/pipeline/search_vectors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "clipsim/core/error.h"
#include "clipsim/pipeline/index_vectors.h"
#include "clipsim/pipeline/steps/npy.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

// 90 vectors, row i pointing i degrees up from the first axis, called "cat/0.jpg", "dog/1.jpg", "cat/2.jpg"
// ...
class VectorSearch : public ::testing::Test {
  protected:
    VectorSearch() {
        config_.output_dir = (world_ / "out").string();
        std::string names;
        std::vector<float> values;
        for (int i = 0; i < 90; ++i) {
            const double angle = i * 3.14159265358979 / 180;
            values.push_back(static_cast<float>((1 + i) * std::cos(angle)));
            values.push_back(static_cast<float>((1 + i) * std::sin(angle)));
            names += (i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".jpg\n";
        }
        write_npy(world_ / "v.npy", values, 90, 2);
        write_text(world_ / "names.txt", names);
    }

    void make_index() { index_vectors(config_, world_ / "v.npy", world_ / "names.txt"); }

    VectorSearchRequest request(const std::vector<float>& queries, int k) {
        write_npy(world_ / "q.npy", queries, queries.size() / 2, 2);
        return {world_ / "q.npy", world_ / "i.npy", k, {}};
    }

    std::vector<std::int64_t> found(const VectorSearchRequest& request) {
        const VectorSearchSummary summary = search_vectors(config_, request);
        const std::string bytes = read_text(world_ / "i.npy").substr(128);
        std::vector<std::int64_t> rows(bytes.size() / sizeof(std::int64_t));
        EXPECT_EQ(rows.size(), summary.queries * static_cast<std::size_t>(request.k));
        std::memcpy(rows.data(), bytes.data(), bytes.size());
        return rows;
    }

    TemporaryFolder world_;
    Config config_;
};

using Rows = std::vector<std::int64_t>;

TEST_F(VectorSearch, AnswersAMatrixWithRows) {
    make_index();
    VectorSearchRequest both = request({5, 0, 0, 0.1F}, 3);
    EXPECT_EQ(found(both), (Rows{0, 1, 2, 89, 88, 87}));
    both.one_by_one = true;
    EXPECT_EQ(found(both), (Rows{0, 1, 2, 89, 88, 87}));
    const VectorSearchSummary summary = search_vectors(config_, both);
    EXPECT_EQ(summary.parameters.type, IndexType::flat);
    EXPECT_EQ(summary.threads, 1);
}

TEST_F(VectorSearch, AFilterLeavesRowsOutButNotTheirNumbers) {
    make_index();
    VectorSearchRequest dogs = request({5, 0, 0, 0.1F}, 3);
    dogs.where = parse_image_filter(std::vector<std::string>{"path=dog/*"});
    EXPECT_EQ(found(dogs), (Rows{1, 3, 5, 89, 87, 85}));
    dogs.one_by_one = true;
    EXPECT_EQ(found(dogs), (Rows{1, 3, 5, 89, 87, 85}));
    dogs.where = parse_image_filter(std::vector<std::string>{"path=dog/8?.jpg"});
    dogs.k = 6;
    EXPECT_EQ(found(dogs), (Rows{81, 83, 85, 87, 89, -1, 89, 87, 85, 83, 81, -1}));
    dogs.where = parse_image_filter(std::vector<std::string>{"path=bird/*"});
    EXPECT_EQ(found(dogs), Rows(12, -1));
}

TEST_F(VectorSearch, QueriesOfAnotherDimensionAreRefused) {
    const VectorSearchRequest none = request({1, 0}, 3);
    EXPECT_THROW(search_vectors(config_, none), UsageError) << "no index yet";
    make_index();
    write_npy(world_ / "q.npy", std::vector<float>{1, 0, 0}, 1, 3);
    EXPECT_THROW(search_vectors(config_, none), UsageError);
}

TEST_F(VectorSearch, ADamagedIndexFileIsDoneWithout) {
    make_index();
    const VectorSearchRequest all{world_ / "v.npy", world_ / "i.npy", 3, {}};
    const Rows right = found(all);
    std::string bytes = read_text(world_ / "out/index/index.faiss");
    bytes[bytes.size() / 2] ^= 1;
    write_text(world_ / "out/index/index.faiss", bytes);
    EXPECT_EQ(found(all), right);
}

}  // namespace
}  // namespace clipsim::testing
