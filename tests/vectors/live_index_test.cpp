#include "clipsim/vectors/live_index.h"

#include <gtest/gtest.h>

#include "vectors/unit_vectors.h"
#include "vectors/written_index.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 16;

// 400 vectors, the last 100 of them in the delta, every seventh deleted; ids are 10, 20, ...
class LiveIndexTest : public ::testing::TestWithParam<IndexType> {
  protected:
    LiveIndexTest() {
        std::vector<std::int64_t> ids, deleted{5, 999'999};
        for (std::int64_t row = 0; row < 400; ++row) {
            if (row < 300) ids.push_back(10 * (row + 1));
            if (row < 300 && row % 7 == 0) deleted.push_back(10 * (row + 1));
            if (row >= 300) delta_.push_back(10 * (row + 1));
            if (row >= 300 || row % 7 != 0) live_.push_back(10 * (row + 1));
        }
        IndexParameters config;
        config.type = GetParam();
        config.ivf.nprobe = 1000;
        const std::span<const float> all(rows_);
        index_.emplace(written_index(config, dimension, ids, all.first(300 * dimension)), deleted, delta_,
                       std::vector<float>(rows_.begin() + 300 * dimension, rows_.end()), dimension);
    }

    std::vector<std::int64_t> truth(std::span<const float> query, std::size_t k) const {
        std::vector<std::int64_t> found;
        for (const std::int64_t row : exact_order(rows_, query)) {
            if (std::ranges::binary_search(live_, 10 * (row + 1)) && found.size() < k)
                found.push_back(10 * (row + 1));
        }
        return found;
    }

    std::vector<float> rows_ = unit_vectors(400, dimension);
    std::vector<float> queries_ = unit_vectors(20, dimension, 2);
    std::vector<std::int64_t> live_, delta_;
    std::optional<LiveIndex> index_;
};

TEST_P(LiveIndexTest, FindsWhatAnIndexMadeAnewWould) {
    EXPECT_EQ(index_->size(), static_cast<std::int64_t>(live_.size()));
    EXPECT_EQ(index_->delta_size(), 100);
    for (std::size_t q = 0; q < 20; ++q) {
        const std::span<const float> query = std::span(queries_).subspan(q * dimension, dimension);
        for (const int k : {1, 10, 357, 1000}) {
            std::vector<std::int64_t> found;
            for (const Neighbour& hit : index_->search(query, k)) found.push_back(hit.id);
            EXPECT_EQ(found, truth(query, static_cast<std::size_t>(k)));
        }
    }
}

TEST_P(LiveIndexTest, RowsArePositionsAmongTheLivingIds) {
    const std::vector<std::int64_t> rows = index_->search_rows(queries_, 5, nullptr, ThreadPool(3)).rows;
    for (std::size_t q = 0; q < 20; ++q) {
        const std::vector<std::int64_t> ids = truth(std::span(queries_).subspan(q * dimension, dimension), 5);
        for (std::size_t i = 0; i < 5; ++i)
            EXPECT_EQ(live_.at(static_cast<std::size_t>(rows[q * 5 + i])), ids[i]);
    }
}

TEST_P(LiveIndexTest, ASelectionGivesNeitherDeletedNorUnknownImages) {
    const std::vector<std::int64_t> wanted{7,   10,   20,   80,
                                           150, 3010, 3990, 5000};  // 10, 80 and 150 are deleted
    const LiveIndex::Selection selection = index_->select(wanted);
    std::vector<std::int64_t> found;
    for (const Neighbour& hit : index_->search(std::span(queries_).first(dimension), 10, &selection))
        found.push_back(hit.id);
    std::ranges::sort(found);
    EXPECT_EQ(found, (std::vector<std::int64_t>{20, 3010, 3990}));
    std::vector<std::int64_t> rows =
        index_->search_rows(std::span(queries_).first(dimension), 4, &selection).rows;
    std::ranges::sort(rows);
    ASSERT_EQ(rows.front(), -1);
    for (std::size_t i = 1; i < rows.size(); ++i)
        EXPECT_EQ(live_.at(static_cast<std::size_t>(rows[i])), found[i - 1]);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LiveIndexTest,
                         ::testing::Values(IndexType::flat, IndexType::hnsw, IndexType::ivf));

}  // namespace
}  // namespace clipsim::testing
