#include "optimization/loss_scaler.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace clipsim::testing {
namespace {

std::array<torch::Tensor, 1> with_gradient(double value) {
    torch::Tensor parameter = torch::zeros({1}).requires_grad_();
    parameter.mutable_grad() = torch::full({1}, value);
    return {parameter};
}

TEST(LossScaler, DividesGradientsByTheScale) {
    LossScaler scaler(true);
    const auto parameters = with_gradient(65536.0 * 3);
    EXPECT_TRUE(scaler.unscale(parameters));
    EXPECT_EQ(parameters[0].grad().item<double>(), 3);
}

TEST(LossScaler, AnOverflowLeavesTheStepOutAndHalvesTheScale) {
    LossScaler scaler(true);
    EXPECT_FALSE(scaler.unscale(with_gradient(std::numeric_limits<double>::infinity())));
    EXPECT_EQ(scaler.scale(), 32768);
    for (int i = 0; i < 2000; ++i) EXPECT_TRUE(scaler.unscale(with_gradient(1)));
    EXPECT_EQ(scaler.scale(), 65536) << "and grows again after 2000 steps";
}

TEST(LossScaler, TurnedOffItDoesNothing) {
    LossScaler scaler(false);
    EXPECT_EQ(scaler.scale(), 1);
    const auto parameters = with_gradient(5);
    EXPECT_TRUE(scaler.unscale(parameters));
    EXPECT_EQ(parameters[0].grad().item<double>(), 5);
}

TEST(LossScaler, AGradientThatNoScaleMakesFiniteIsNoOverflow) {
    LossScaler scaler(true);
    for (int i = 0; i < 16; ++i) {
        EXPECT_FALSE(scaler.unscale(with_gradient(std::numeric_limits<double>::quiet_NaN())));
        EXPECT_FALSE(scaler.is_exhausted()) << i;
    }
    EXPECT_FALSE(scaler.unscale(with_gradient(std::numeric_limits<double>::quiet_NaN())));
    EXPECT_TRUE(scaler.is_exhausted());
}

}  // namespace
}  // namespace clipsim::testing
