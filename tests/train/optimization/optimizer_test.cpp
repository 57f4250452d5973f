#include "optimization/optimizer.h"

#include <gtest/gtest.h>

#include <limits>

namespace clipsim::testing {
namespace {

double schedule(std::int64_t step, std::int64_t total, Schedule kind = Schedule::cosine) {
    return learning_rate_share(kind, 0.1, step, total);
}

TEST(Schedule, LinearAndConstant) {
    EXPECT_DOUBLE_EQ(schedule(4, 100, Schedule::linear), 0.5);
    EXPECT_NEAR(schedule(55, 100, Schedule::linear), 0.5, 1e-9);
    EXPECT_NEAR(schedule(100, 100, Schedule::linear), 0.0, 1e-9);
    EXPECT_DOUBLE_EQ(schedule(99, 100, Schedule::constant), 1.0);
    EXPECT_DOUBLE_EQ(learning_rate_share(Schedule::constant, 0, 0, 100), 1.0) << "no warm-up";
}

TEST(Schedule, WarmsUpOverATenthAndFallsToNothing) {
    EXPECT_DOUBLE_EQ(schedule(0, 100), 0.1);
    EXPECT_DOUBLE_EQ(schedule(9, 100), 1.0);
    EXPECT_DOUBLE_EQ(schedule(10, 100), 1.0);
    EXPECT_NEAR(schedule(55, 100), 0.5, 1e-9) << "half a cosine";
    EXPECT_NEAR(schedule(100, 100), 0.0, 1e-9);
    for (int step = 11; step <= 100; ++step) EXPECT_LT(schedule(step, 100), schedule(step - 1, 100));
}

TEST(Schedule, OneStepTakesTheWholeRate) {
    EXPECT_DOUBLE_EQ(schedule(0, 1), 1.0);
}

TEST(Optimizer, DecaysMatricesAlone) {
    const TrainConfig config;
    torch::Tensor matrix = torch::ones({2, 2}).requires_grad_(true),
                  bias = torch::ones({2}).requires_grad_(true);
    Optimizer optimizer({{{{"matrix", matrix}, {"bias", bias}}, 0.1}}, config, 1);
    matrix.mutable_grad() = torch::zeros({2, 2});
    bias.mutable_grad() = torch::zeros({2});
    optimizer.step(0);
    EXPECT_NEAR(matrix[0][0].item<double>(), 1 - 0.1 * 0.01, 1e-6);
    EXPECT_EQ(bias[0].item<double>(), 1.0);
}

TEST(Optimizer, GroupsHaveTheirOwnRates) {
    const TrainConfig config;
    torch::Tensor fast = torch::zeros({1}).requires_grad_(true),
                  slow = torch::zeros({1}).requires_grad_(true);
    Optimizer optimizer({{{{"fast", fast}}, 0.1}, {{{"slow", slow}}, 0.01}}, config, 1);
    fast.mutable_grad() = torch::ones({1});
    slow.mutable_grad() = torch::ones({1});
    optimizer.step(0);
    EXPECT_NEAR(fast.item<double>(), -0.1, 1e-5);  // Adam's first step is the rate itself
    EXPECT_NEAR(slow.item<double>(), -0.01, 1e-6);
}

TEST(Optimizer, ClipsTheNormOfAllGradientsTogether) {
    const TrainConfig config;
    torch::Tensor a = torch::zeros({1}).requires_grad_(true), b = torch::zeros({1}).requires_grad_(true);
    Optimizer optimizer({{{{"a", a}}, 0.1}, {{{"b", b}}, 0.1}}, config, 1);
    a.mutable_grad() = torch::full({1}, 30.0);
    b.mutable_grad() = torch::full({1}, 40.0);
    optimizer.step(0);
    EXPECT_NEAR(a.grad().item<double>(), 0.6, 1e-4);
    EXPECT_NEAR(b.grad().item<double>(), 0.8, 1e-4);
}

TEST(Optimizer, StepsAsAdamWAfterClipGradNorm) {
    TrainConfig config;
    config.clip_norm = 0.5;
    config.schedule = Schedule::constant;
    config.warmup = 0;
    torch::manual_seed(4);
    const torch::Tensor ours = torch::randn({3, 5}).requires_grad_(true);
    const torch::Tensor theirs = ours.detach().clone().requires_grad_(true);
    Optimizer optimizer({{{{"ours", ours}}, 0.01}}, config, 20);
    torch::optim::AdamW adam({theirs}, torch::optim::AdamWOptions(0.01).weight_decay(config.weight_decay));
    for (int step = 0; step < 20; ++step) {
        // Norms on both sides of clip_norm.
        const torch::Tensor gradient = torch::randn({3, 5}) * (step % 2 == 0 ? 1.0 : 0.01);
        ours.mutable_grad() = gradient.clone();
        theirs.mutable_grad() = gradient.clone();
        optimizer.step(step);
        torch::nn::utils::clip_grad_norm_({theirs}, config.clip_norm);
        adam.step();
        ASSERT_LT((ours - theirs).abs().max().item<double>(), 1e-6) << "step " << step;
    }
}

TEST(Optimizer, AGradientThatIsNotFiniteIsNoStep) {
    for (const double norm : {0.0, 1.0}) {
        TrainConfig config;
        config.clip_norm = norm;
        torch::Tensor a = torch::zeros({2}).requires_grad_(true);
        Optimizer optimizer({{{{"a", a}}, 0.1}}, config, 1);
        a.mutable_grad() = torch::tensor({1.0F, std::numeric_limits<float>::quiet_NaN()});
        EXPECT_FALSE(optimizer.step(0));
        EXPECT_EQ(a.abs().sum().item<double>(), 0);
    }
}

}  // namespace
}  // namespace clipsim::testing
