#include "clipsim/vectors/auto_type.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

constexpr int dimension = 32;

TEST(AutoType, WhatIsAskedForIsTaken) {
    for (const IndexType type : {IndexType::flat, IndexType::hnsw, IndexType::ivf})
        EXPECT_EQ(choose_index_type(type, 1'000'000, dimension, IndexType::flat), type);
}

TEST(AutoType, SmallIsFlatAndLargeIsAGraphWhateverTheMachine) {
    for (const std::optional<IndexType> before :
         {std::optional<IndexType>{}, std::optional(IndexType::flat), std::optional(IndexType::hnsw)}) {
        EXPECT_EQ(choose_index_type(IndexType::automatic, 9'000, dimension, before), IndexType::flat);
        EXPECT_EQ(choose_index_type(IndexType::automatic, 500'000, dimension, before), IndexType::hnsw);
    }
}

TEST(AutoType, TheLimitIsWhatAMillisecondReads) {
    EXPECT_EQ(flat_limit(10), 100'000);
    EXPECT_EQ(flat_limit(0), 200'000);
    EXPECT_EQ(flat_limit(1e9), 20'000);
    EXPECT_GT(measure_scan(dimension), 0);
}

TEST(AutoType, AnIndexNearTheLimitKeepsItsType) {
    // The limit is between 20,000 and 200,000, so these are within twice and half of it on any machine.
    EXPECT_EQ(choose_index_type(IndexType::automatic, 39'000, dimension, IndexType::flat), IndexType::flat);
    EXPECT_EQ(choose_index_type(IndexType::automatic, 101'000, dimension, IndexType::hnsw), IndexType::hnsw);
}

}  // namespace
}  // namespace clipsim::testing
