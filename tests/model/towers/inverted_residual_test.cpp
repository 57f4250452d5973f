#include "towers/inverted_residual.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

// How many values of a picture each window of a convolution sees.
torch::Tensor values_seen(std::int64_t height, std::int64_t width, int kernel_size, int stride) {
    const torch::NoGradGuard no_grad;
    SameConvolution convolution(1, 1, kernel_size, stride);
    for (const auto& item : convolution->named_parameters())
        item.value().fill_(item.key() == "weight" ? 1 : 0);
    return convolution(torch::ones({1, 1, height, width}))[0][0];
}

torch::Tensor outer(std::vector<float> rows, std::vector<float> columns) {
    return torch::outer(torch::tensor(rows), torch::tensor(columns));
}

TEST(SameConvolution, PadsTheRightAndTheBottomMoreWhereTheSumIsOdd) {
    EXPECT_TRUE(torch::equal(values_seen(4, 4, 3, 2), outer({3, 2}, {3, 2}))) << "0 before, 1 after";
    EXPECT_TRUE(torch::equal(values_seen(4, 4, 5, 2), outer({4, 3}, {4, 3}))) << "1 before, 2 after";
}

TEST(SameConvolution, PadsBothSidesAlikeWhereTheSumIsEven) {
    EXPECT_TRUE(torch::equal(values_seen(5, 5, 3, 2), outer({2, 3, 2}, {2, 3, 2})));
    EXPECT_TRUE(torch::equal(values_seen(3, 3, 3, 1), outer({2, 3, 2}, {2, 3, 2})));
}

TEST(SameConvolution, PadsEachSideByItsOwnSize) {
    EXPECT_TRUE(torch::equal(values_seen(4, 5, 3, 2), outer({3, 2}, {2, 3, 2})));
    EXPECT_TRUE(torch::equal(values_seen(1, 1, 5, 2), outer({1}, {1})));
}

TEST(InvertedResidual, AddsItsInputWhereTheShapeStays) {
    const torch::NoGradGuard no_grad;
    InvertedResidual block({"", 3, 6, 3, 3, 1});
    for (torch::Tensor& parameter : block.parameters()) parameter.zero_();
    const torch::Tensor input = torch::randn({2, 3, 4, 4});
    EXPECT_TRUE(torch::equal(block.run(input, false), input));
    InvertedResidual narrower({"", 3, 6, 2, 3, 1});
    for (torch::Tensor& parameter : narrower.parameters()) parameter.zero_();
    EXPECT_EQ(narrower.run(input, false).abs().max().item<float>(), 0);
}

TEST(InvertedResidual, ClipsWhatLiesBetweenTheConvolutionsToSix) {
    const torch::NoGradGuard no_grad;
    InvertedResidual block({"", 1, 2, 1, 1, 2});
    for (torch::Tensor& parameter : block.parameters()) parameter.fill_(parameter.dim() > 1 ? 1 : 0);
    const auto of = [&](float value) {
        return block.run(torch::full({1, 1, 1, 1}, value), false).item<float>();
    };
    EXPECT_EQ(of(2), 4) << "two channels of 2";
    EXPECT_EQ(of(100), 12) << "two channels of 6";
    EXPECT_EQ(of(-3), 0);
}

}  // namespace
}  // namespace clipsim::testing
