#include "cross_batch_memory.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(CrossBatchMemory, ComparesWithEarlierBatchesAndForgetsTheOldest) {
    CrossBatchMemory memory(3);
    const torch::Tensor first = torch::eye(2), second = torch::full({2, 2}, 2.0);
    EXPECT_EQ(memory.compare(first, torch::tensor({0, 1})).references.size(0), 2);
    memory.remember(first.clone().requires_grad_(), torch::tensor({0, 1}));
    const Comparison comparison = memory.compare(second, torch::tensor({2, 3}));
    EXPECT_TRUE(torch::equal(comparison.references, torch::cat({second, first})));
    EXPECT_TRUE(torch::equal(comparison.reference_labels, torch::tensor({2, 3, 0, 1})));
    EXPECT_FALSE(comparison.references.requires_grad());
    memory.remember(second, torch::tensor({2, 3}));
    EXPECT_TRUE(torch::equal(memory.labels(), torch::tensor({1, 2, 3})));
}

TEST(CrossBatchMemory, OfSizeNothingIsTheBatchAlone) {
    CrossBatchMemory memory(0);
    memory.remember(torch::eye(2), torch::tensor({0, 1}));
    EXPECT_EQ(memory.compare(torch::eye(2), torch::tensor({0, 1})).references.size(0), 2);
}

}  // namespace
}  // namespace clipsim::testing
