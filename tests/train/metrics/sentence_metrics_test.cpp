#include "clipsim/train/sentence_metrics.h"

#include <gtest/gtest.h>

#include <vector>

namespace clipsim {
namespace {

TEST(SentenceMetrics, CountByHand) {
    // Two classes along the axes; the third image looks more like the other class.
    const std::vector<float> images{1, 0, 0.8F, 0.6F, 0.6F, 0.8F, 0, 1};
    const std::vector<float> sentences{1, 0, 0, 1};
    const SentenceMetrics metrics = sentence_metrics(images, sentences, 2, std::vector{0, 0, 0, 1});
    EXPECT_DOUBLE_EQ(metrics.zero_shot_accuracy, 0.75);
    EXPECT_EQ(metrics.recall_at_1, 1);
    EXPECT_EQ(metrics.recall_at_5, 1);
    EXPECT_EQ(metrics.images, 4U);
    EXPECT_EQ(metrics.classes, 2U);
}

TEST(SentenceMetrics, RecallLooksAtTheNearestFive) {
    std::vector<float> images;
    std::vector<int> labels;
    for (int i = 0; i < 5; ++i) {
        images.insert(images.end(), {1, 0});
        labels.push_back(1);
    }
    images.insert(images.end(), {0.8F, 0.6F});  // class 0, sixth in the eyes of sentence 0
    labels.push_back(0);
    const SentenceMetrics metrics = sentence_metrics(images, std::vector<float>{1, 0, 0, 1}, 2, labels);
    EXPECT_DOUBLE_EQ(metrics.recall_at_1, 0.0);
    EXPECT_DOUBLE_EQ(metrics.recall_at_5, 0.5)
        << "class 0 is missed; class 1 has the sixth before it, no more";
}

TEST(SentenceMetrics, ClassesWithoutAnImageDoNotCount) {
    const SentenceMetrics metrics =
        sentence_metrics(std::vector<float>{1, 0}, std::vector<float>{1, 0, 0, 1}, 2, std::vector{0});
    EXPECT_EQ(metrics.classes, 1U);
    EXPECT_EQ(metrics.recall_at_1, 1);
}

TEST(SentenceMetrics, NoImagesGiveZeros) {
    EXPECT_EQ(sentence_metrics({}, std::vector<float>{1, 0}, 2, {}).images, 0U);
}

}  // namespace
}  // namespace clipsim
