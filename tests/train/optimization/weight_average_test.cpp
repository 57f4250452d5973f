#include "optimization/weight_average.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(WeightAverage, FollowsItsFormula) {
    const torch::Tensor weight = torch::zeros({1});
    WeightAverage average({{"w", weight}}, 0.5);
    double expected = 0;
    for (int step = 1; step <= 30; ++step) {
        weight.fill_(step);
        average.update();
        const double decay = std::min(0.5, (1.0 + step) / (10.0 + step));
        expected = decay * expected + (1 - decay) * step;
    }
    EXPECT_NEAR(average.averages().at("w").item<double>(), expected, 1e-5);
}

TEST(WeightAverage, IsInPlaceWhileItsScopeLives) {
    const torch::Tensor weight = torch::zeros({1});
    WeightAverage average({{"w", weight}}, 0.9);
    weight.fill_(1);
    average.update();
    {
        const WeightAverage::Scope scope(average);
        EXPECT_LT(weight.item<double>(), 1);
        EXPECT_GT(weight.item<double>(), 0);
    }
    EXPECT_EQ(weight.item<double>(), 1);
}

TEST(WeightAverage, WithoutADecayThereIsNone) {
    const torch::Tensor weight = torch::ones({1});
    WeightAverage average({{"w", weight}}, 0);
    average.update();
    const WeightAverage::Scope scope(average);
    EXPECT_EQ(weight.item<double>(), 1);
    EXPECT_TRUE(average.averages().empty());
}

}  // namespace
}  // namespace clipsim::testing
