#include "clipsim/train/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <utility>
#include <vector>

#include "clipsim/core/error.h"
#include "train/golden.h"

namespace clipsim {
namespace {

TEST(RetrievalMetrics, EqualPytorchMetricLearning) {
    for (const auto& golden : testing::golden("metrics")) {
        const auto vectors = golden.at("vectors").get<std::vector<float>>();
        const auto labels = golden.at("labels").get<std::vector<int>>();
        SCOPED_TRACE(labels.size());
        const RetrievalMetrics metrics =
            retrieval_metrics(vectors, golden.at("dimension").get<std::size_t>(), labels);
        EXPECT_NEAR(metrics.recall_at_1, golden.at("recall_at_1").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.recall_at_5, golden.at("recall_at_5").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.r_precision, golden.at("r_precision").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.mean_average_precision_at_r,
                    golden.at("mean_average_precision_at_r").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.triplet_accuracy, golden.at("triplet_accuracy").get<double>(), 1e-9);
        EXPECT_EQ(metrics.queries, golden.at("queries").get<std::size_t>());
    }
}

TEST(RetrievalMetrics, EqualTheAccuracyCalculatorAsItComes) {
    for (const auto& golden : testing::golden("accuracy", "metrics.json")) {
        const auto vectors = golden.at("vectors").get<std::vector<float>>();
        const auto labels = golden.at("labels").get<std::vector<int>>();
        SCOPED_TRACE(labels.size());
        const RetrievalMetrics metrics =
            retrieval_metrics(vectors, golden.at("dimension").get<std::size_t>(), labels);
        EXPECT_NEAR(metrics.recall_at_1, golden.at("precision_at_1").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.recall_at_1, golden.at("recall_at_1").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.recall_at_5, golden.at("recall_at_5").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.recall_at_10, golden.at("recall_at_10").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.r_precision, golden.at("r_precision").get<double>(), 1e-9);
        EXPECT_NEAR(metrics.mean_average_precision_at_r,
                    golden.at("mean_average_precision_at_r").get<double>(), 1e-9);
    }
}

TEST(RetrievalMetrics, AreTheSameOnAnyNumberOfThreads) {
    const auto golden = testing::golden("metrics").front();
    const auto vectors = golden.at("vectors").get<std::vector<float>>();
    const auto labels = golden.at("labels").get<std::vector<int>>();
    const auto dimension = golden.at("dimension").get<std::size_t>();
    const std::vector<RankedQuery> alone = retrieve(vectors, dimension, labels);
    for (const int threads : {2, 5})
        EXPECT_EQ(retrieve(vectors, dimension, labels, ThreadPool(threads)), alone);
}

TEST(RetrievalMetrics, AStopRequestEndsTheRanking) {
    std::stop_source stop;
    const std::vector<float> vectors{1, 0, 0, 1};
    EXPECT_EQ(retrieve(vectors, 2, std::vector{7, 7}, ThreadPool(2), stop.get_token()).size(), 2U);
    stop.request_stop();
    EXPECT_THROW(retrieve(vectors, 2, std::vector{7, 7}, ThreadPool(2), stop.get_token()), Interrupted);
}

TEST(RetrievalMetrics, AQueryKnowsWhatItFoundAndWhatItShouldHave) {
    // On a circle: 0 and 3 are of one class, 1 and 2 of another; 1 is nearest to 0, its own class comes
    // third.
    const auto at = [](double angle) { return std::pair(std::cos(angle), std::sin(angle)); };
    std::vector<float> vectors;
    for (const double angle : {0.0, 0.1, 0.2, 0.5}) {
        vectors.push_back(static_cast<float>(at(angle).first));
        vectors.push_back(static_cast<float>(at(angle).second));
    }
    const std::vector<RankedQuery> results = retrieve(vectors, 2, std::vector{4, 9, 9, 4});
    ASSERT_EQ(results.size(), 4U);
    EXPECT_EQ(results[0].nearest, 1U);
    EXPECT_EQ(results[0].nearest_of_its, 3U);
    EXPECT_EQ(results[0].first_hit, 3U);
    EXPECT_EQ(recall_at(results, 2), 0.5);
    EXPECT_EQ(recall_at(results, 3), 1);
}

TEST(RetrievalMetrics, PerfectClassesScoreOne) {
    const std::vector<float> vectors{1, 0, 1, 0, 0, 1, 0, 1};
    const RetrievalMetrics metrics = retrieval_metrics(vectors, 2, std::vector{0, 0, 1, 1});
    EXPECT_EQ(metrics.triplet_accuracy, 1);
    EXPECT_EQ(metrics.recall_at_1, 1);
    EXPECT_EQ(metrics.mean_average_precision_at_r, 1);
    EXPECT_EQ(metrics.queries, 4U);
}

TEST(RetrievalMetrics, EquallyFarIsNotNearer) {
    // All four vectors coincide: no positive is strictly nearer than a negative.
    const std::vector<float> vectors{0.6F, 0.8F, 0.6F, 0.8F, 0.6F, 0.8F, 0.6F, 0.8F};
    EXPECT_EQ(retrieval_metrics(vectors, 2, std::vector{0, 0, 1, 1}).triplet_accuracy, 0);
}

TEST(RetrievalMetrics, TiesAreBrokenByIndex) {
    // For image 2 both others are equally near; the first, of another class, wins. Image 0 has no other of
    // its class.
    const std::vector<float> vectors{1, 0, 1, 0, 1, 0};
    const RetrievalMetrics metrics = retrieval_metrics(vectors, 2, std::vector{5, 7, 7});
    EXPECT_EQ(metrics.queries, 2U);
    EXPECT_EQ(metrics.recall_at_1, 0);
    EXPECT_EQ(metrics.recall_at_5, 1);
}

TEST(RetrievalMetrics, DimensionsThatAreNoMultipleOfTheVectorWidthCountWhole) {
    // The two images of a class agree in the last of 19 values alone.
    std::vector<float> vectors(4 * 19, 0.0F);
    for (std::size_t i = 0; i < 4; ++i) vectors[i * 19 + (i < 2 ? 18 : 17)] = 1;
    EXPECT_EQ(retrieval_metrics(vectors, 19, std::vector{0, 0, 1, 1}).recall_at_1, 1);
}

TEST(RetrievalMetrics, NothingToAskGivesZeroes) {
    EXPECT_EQ(retrieval_metrics({}, 8, {}).queries, 0U);
    EXPECT_EQ(retrieval_metrics(std::vector<float>{1, 0, 0, 1}, 2, std::vector{0, 1}).queries, 0U);
}

}  // namespace
}  // namespace clipsim
