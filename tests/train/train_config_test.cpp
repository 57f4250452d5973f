#include "clipsim/train/train_config.h"

#include <gtest/gtest.h>

#include <utility>

namespace clipsim {
namespace {

std::pair<int, int> stages_of(int epochs, std::optional<int> stage1 = {}, std::optional<int> stage2 = {}) {
    TrainConfig train;
    train.epochs = epochs;
    train.stage1.epochs = stage1;
    train.stage2.epochs = stage2;
    return {train.stage1_epochs(), train.stage2_epochs()};
}

TEST(TrainConfigEpochs, AThirdIsForStageOne) {
    EXPECT_EQ(stages_of(15), std::pair(5, 10));
    EXPECT_EQ(stages_of(10), std::pair(3, 7));
    EXPECT_EQ(stages_of(1), std::pair(1, 0));
    EXPECT_EQ(stages_of(0), std::pair(0, 0));
}

TEST(TrainConfigEpochs, WhatIsSetStands) {
    EXPECT_EQ(stages_of(10, 2), std::pair(2, 8));
    EXPECT_EQ(stages_of(10, {}, 1), std::pair(3, 1));
    EXPECT_EQ(stages_of(3, 0, 9), std::pair(0, 9));
    EXPECT_EQ(stages_of(3, 7), std::pair(7, 0));  // never negative
}

}  // namespace
}  // namespace clipsim
