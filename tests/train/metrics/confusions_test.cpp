#include "clipsim/train/confusions.h"

#include <gtest/gtest.h>

#include <vector>

namespace clipsim {
namespace {

RankedQuery result(std::size_t query, std::size_t nearest, std::size_t first_hit) {
    RankedQuery found;
    found.query = query;
    found.nearest = nearest;
    found.first_hit = first_hit;
    return found;
}

TEST(Confusions, CountWhatIsFoundInsteadTheMostFrequentFirst) {
    // Rows 0 to 2 are of class 0, 3 and 4 of class 1, 5 and 6 of class 2.
    const std::vector<int> labels{0, 0, 0, 1, 1, 2, 2};
    const std::vector<RankedQuery> results{result(0, 3, 2), result(1, 4, 5), result(2, 0, 1), result(3, 4, 1),
                                           result(4, 5, 3), result(5, 0, 2), result(6, 5, 1)};
    const std::vector<Confusion> pairs = confusions(results, labels);
    ASSERT_EQ(pairs.size(), 3U);
    EXPECT_EQ(pairs[0].actual, 0);
    EXPECT_EQ(pairs[0].found, 1);
    EXPECT_EQ(pairs[0].count, 2U);
    EXPECT_EQ(pairs[0].queries, 3U);
    EXPECT_EQ(pairs[0].example.query, 1U) << "the one whose own class is farther down";
    EXPECT_EQ(pairs[1].actual, 1);
    EXPECT_EQ(pairs[1].found, 2);
    EXPECT_EQ(pairs[2].actual, 2);
    EXPECT_EQ(pairs[2].found, 0);
}

TEST(Confusions, OfEqualCountsTheLargerShareComesFirst) {
    const std::vector<int> labels{0, 0, 0, 1, 1};
    const std::vector<Confusion> pairs = confusions(
        std::vector{result(0, 3, 2), result(1, 0, 1), result(2, 0, 1), result(3, 0, 2), result(4, 3, 1)},
        labels);
    ASSERT_EQ(pairs.size(), 2U);
    EXPECT_EQ(pairs[0].actual, 1) << "one of two, before one of three";
}

TEST(Confusions, WhereAllIsRightThereAreNone) {
    EXPECT_TRUE(confusions(std::vector{result(0, 1, 1), result(1, 0, 1)}, std::vector{4, 4}).empty());
}

}  // namespace
}  // namespace clipsim
