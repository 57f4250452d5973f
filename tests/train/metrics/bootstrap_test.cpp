#include "clipsim/train/bootstrap.h"

#include <gtest/gtest.h>

#include <vector>

#include "train/golden.h"

namespace clipsim {
namespace {

// So many queries, the first `hits` of which found their class at once.
std::vector<RankedQuery> queries(std::size_t count, std::size_t hits) {
    std::vector<RankedQuery> results(count);
    for (std::size_t i = 0; i < count; ++i) results[i].first_hit = i < hits ? 1 : 7;
    return results;
}

TEST(Bootstrap, AgreesWithNumPy) {
    for (const auto& golden : testing::golden("bootstrap", "metrics.json")) {
        const auto count = golden.at("queries").get<std::size_t>();
        SCOPED_TRACE(count);
        const RetrievalIntervals interval =
            bootstrap(queries(count, golden.at("hits").get<std::size_t>()), 20'000, 1);
        // The bounds are multiples of 1 / count; which of two neighbours it is may hang on the draws.
        const double step = 1.0 / static_cast<double>(count) + 1e-9;
        EXPECT_NEAR(interval.low.recall_at_1, golden.at("low").get<double>(), step);
        EXPECT_NEAR(interval.high.recall_at_1, golden.at("high").get<double>(), step);
    }
}

TEST(Bootstrap, TheSameSeedGivesTheSameInterval) {
    const std::vector<RankedQuery> results = queries(50, 20);
    EXPECT_EQ(bootstrap(results, 200, 1).low.recall_at_1, bootstrap(results, 200, 1).low.recall_at_1);
    bool differs = false;
    for (std::uint64_t seed = 2; seed < 12; ++seed) {
        differs = differs ||
                  bootstrap(results, 200, seed).low.recall_at_1 != bootstrap(results, 200, 1).low.recall_at_1;
    }
    EXPECT_TRUE(differs);
}

TEST(Bootstrap, EachFigureHasItsOwnInterval) {
    std::vector<RankedQuery> results = queries(100, 0);
    for (std::size_t i = 0; i < results.size(); ++i) {
        results[i].triplet_accuracy = i % 2 == 0 ? 0.5 : 0.7;
        results[i].r_precision = 0.25;
        results[i].average_precision_at_r = 0.125;
    }
    const RetrievalIntervals interval = bootstrap(results, 500, 3);
    EXPECT_EQ(interval.low.recall_at_5, 0);
    EXPECT_EQ(interval.high.recall_at_10, 1) << "the first hit is at rank 7";
    EXPECT_EQ(interval.low.recall_at_10, 1);
    EXPECT_DOUBLE_EQ(interval.low.r_precision, 0.25);
    EXPECT_DOUBLE_EQ(interval.high.mean_average_precision_at_r, 0.125);
    EXPECT_LT(interval.low.triplet_accuracy, 0.6);
    EXPECT_GT(interval.high.triplet_accuracy, 0.6);
}

TEST(Bootstrap, AChangeIsPairedQueryByQuery) {
    // Every query gains the same: there is no doubt about the change, whatever the figures scatter.
    std::vector<RankedQuery> before = queries(40, 10), after = before;
    for (std::size_t i = 0; i < before.size(); ++i) {
        before[i].r_precision = static_cast<double>(i) / 64;
        after[i].r_precision = before[i].r_precision + 0.25;
    }
    const RetrievalIntervals change = bootstrap_change(before, after, 300, 1);
    EXPECT_DOUBLE_EQ(change.low.r_precision, 0.25);
    EXPECT_DOUBLE_EQ(change.high.r_precision, 0.25);
    EXPECT_EQ(change.low.recall_at_1, 0);
    EXPECT_EQ(change.high.recall_at_1, 0);
}

TEST(Bootstrap, NoQueriesGiveZeroes) {
    EXPECT_EQ(bootstrap({}, 100, 1).high.recall_at_1, 0);
}

}  // namespace
}  // namespace clipsim
