#include "clipsim/data/class_balanced_sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace clipsim {
namespace {

using Batches = std::vector<std::vector<std::size_t>>;

// labels_of({3, 2}): three samples of class 0, then two of class 1.
std::vector<int> labels_of(const std::vector<int>& sizes) {
    std::vector<int> labels;
    for (std::size_t label = 0; label < sizes.size(); ++label) {
        labels.insert(labels.end(), static_cast<std::size_t>(sizes[label]), static_cast<int>(label));
    }
    return labels;
}

std::map<int, int> count_classes(const std::vector<std::size_t>& batch, const std::vector<int>& labels) {
    std::map<int, int> counts;
    for (const std::size_t sample : batch) ++counts[labels.at(sample)];
    return counts;
}

TEST(ClassBalancedSampler, EveryBatchHasKDistinctImagesOfPClasses) {
    const std::vector<int> labels = labels_of({9, 30, 12, 17, 8, 25, 10});
    const ClassBalancedSampler sampler(labels, 4, 3, 1);
    for (int epoch = 0; epoch < 5; ++epoch) {
        for (const auto& batch : sampler.epoch(epoch)) {
            EXPECT_EQ(std::set(batch.begin(), batch.end()).size(), batch.size());
            const std::map<int, int> counts = count_classes(batch, labels);
            EXPECT_EQ(counts.size(), 4U);
            for (const auto& [label, count] : counts) EXPECT_EQ(count, 3) << label;
        }
    }
}

TEST(ClassBalancedSampler, TheSameSeedAndEpochGiveTheSameBatches) {
    const std::vector<int> labels = labels_of({20, 20, 20, 20});
    const ClassBalancedSampler one(labels, 3, 4, 7), same(labels, 3, 4, 7), other(labels, 3, 4, 8);
    EXPECT_EQ(one.epoch(3), same.epoch(3));
    EXPECT_EQ(one.epoch(3), one.epoch(3));  // no hidden state
    EXPECT_NE(one.epoch(3), one.epoch(4));
    EXPECT_NE(one.epoch(3), other.epoch(3));
}

// A run that is resumed on another machine must see the same batches.
TEST(ClassBalancedSampler, TheBatchesAreTheSameOnEveryPlatform) {
    const std::vector<int> labels = labels_of({3, 3, 3});
    EXPECT_EQ(ClassBalancedSampler(labels, 2, 2, 42).epoch(0),
              (Batches{{1, 0, 3, 4}, {7, 6, 2, 0}, {5, 3, 6, 7}}));
}

TEST(ClassBalancedSampler, AnEpochOfEqualClassesVisitsEverySampleOnce) {
    const std::vector<int> labels = labels_of({8, 8, 8, 8, 8, 8});
    const Batches batches = ClassBalancedSampler(labels, 3, 4, 5).epoch(2);
    EXPECT_EQ(batches.size(), 4U);
    std::multiset<std::size_t> visited;
    for (const auto& batch : batches) visited.insert(batch.begin(), batch.end());
    EXPECT_EQ(visited.size(), labels.size());
    EXPECT_EQ(std::set(visited.begin(), visited.end()).size(), labels.size());
}

TEST(ClassBalancedSampler, ClassesTakeTurns) {
    const std::vector<int> labels = labels_of({50, 50, 50, 50, 50, 50, 50});
    std::map<int, int> visits;
    for (const auto& batch : ClassBalancedSampler(labels, 3, 5, 5).epoch(0)) {
        for (const auto& [label, count] : count_classes(batch, labels)) ++visits[label];
    }
    const auto [fewest, most] =
        std::ranges::minmax_element(visits, {}, [](const auto& visit) { return visit.second; });
    EXPECT_LE(most->second - fewest->second, 1);
}

TEST(ClassBalancedSampler, SmallClassesGiveAllTheyHave) {
    const std::vector<int> labels = labels_of({10, 1, 3});
    bool single_seen = false;
    for (const auto& batch : ClassBalancedSampler(labels, 3, 4, 1).epoch(0)) {
        const std::map<int, int> counts = count_classes(batch, labels);
        EXPECT_EQ(counts, (std::map<int, int>{{0, 4}, {1, 1}, {2, 3}}));
        single_seen = true;
    }
    EXPECT_TRUE(single_seen);
}

TEST(ClassBalancedSampler, PIsLoweredToTheNumberOfClasses) {
    const std::vector<int> labels = labels_of({4, 4});
    const Batches batches = ClassBalancedSampler(labels, 16, 4, 1).epoch(0);
    ASSERT_EQ(batches.size(), 1U);
    EXPECT_EQ(count_classes(batches[0], labels), (std::map<int, int>{{0, 4}, {1, 4}}));
}

TEST(ClassBalancedSampler, LabelsNeedNotBeSortedOrDense) {
    const std::vector<int> labels{70, 3, 70, 3, 9, 9, 70, 3, 9};
    for (const auto& batch : ClassBalancedSampler(labels, 2, 2, 3).epoch(0)) {
        const std::map<int, int> counts = count_classes(batch, labels);
        EXPECT_EQ(counts.size(), 2U);
        for (const auto& [label, count] : counts) EXPECT_EQ(count, 2) << label;
    }
}

TEST(ClassBalancedSampler, NoSamplesGiveNoBatches) {
    EXPECT_TRUE(ClassBalancedSampler(std::vector<int>{}, 4, 4, 1).epoch(0).empty());
}

}  // namespace
}  // namespace clipsim
