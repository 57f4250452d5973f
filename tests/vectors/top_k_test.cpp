#include "top_k.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

std::vector<std::int64_t> rows_of(TopK& best) {
    std::vector<std::int64_t> rows;
    for (const ScoredRow& row : best.take()) rows.push_back(row.row);
    return rows;
}

TEST(TopK, KeepsTheBestInOrder) {
    TopK best(3);
    for (const auto& [row, score] : {std::pair{0, 0.1F}, {1, 0.9F}, {2, 0.5F}, {3, 0.7F}, {4, 0.2F}})
        best.offer(score, row);
    EXPECT_EQ(rows_of(best), (std::vector<std::int64_t>{1, 3, 2}));
}

TEST(TopK, OfEqualScoresTheLowerRowsStay) {
    TopK best(2);
    for (std::int64_t row = 0; row < 5; ++row) best.offer(0.5F, row);
    EXPECT_EQ(rows_of(best), (std::vector<std::int64_t>{0, 1}));
}

TEST(TopK, GivesFewerWhereThereAreFewer) {
    TopK best(10);
    best.offer(1, 4);
    EXPECT_EQ(rows_of(best), std::vector<std::int64_t>{4});
}

}  // namespace
}  // namespace clipsim::testing
