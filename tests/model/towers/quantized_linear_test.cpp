#include "towers/quantized_linear.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(QuantizedLinear, StaysWithinAPercentOfTheFloatLayer) {
    torch::manual_seed(1);
    const torch::Tensor weight = torch::randn({40, 64}), bias = torch::randn({40}),
                        input = torch::randn({2, 7, 64});
    const torch::Tensor expected = torch::linear(input, weight, bias);
    const torch::Tensor output = QuantizedLinear(weight, bias).forward(input);
    ASSERT_EQ(output.sizes(), expected.sizes());
    EXPECT_LT((output - expected).abs().mean().item<double>(), 0.01 * expected.abs().max().item<double>());
}

TEST(QuantizedLinear, KeepsSmallOutputChannelsBesideLargeOnes) {
    torch::manual_seed(2);
    torch::Tensor weight = torch::randn({2, 64});
    weight[0] *= 1000;  // one scale for both would round the other one away
    const torch::Tensor input = torch::randn({50, 64});
    const torch::Tensor expected = torch::linear(input, weight).select(1, 1);
    const torch::Tensor output = QuantizedLinear(weight, {}).forward(input).select(1, 1);
    EXPECT_GT(torch::cosine_similarity(output, expected, 0).item<double>(), 0.999);
}

}  // namespace
}  // namespace clipsim::testing
