#include "optimization/regularization.h"

#include <gtest/gtest.h>

#include "clipsim/model/safetensors.h"
#include "train/painted_world.h"

namespace clipsim::testing {
namespace {

torch::Tensor unit(const torch::Tensor& rows) {
    return torch::nn::functional::normalize(rows, torch::nn::functional::NormalizeFuncOptions().dim(1));
}

// One weight that training has moved from 1 to 3.
struct MovedWeight {
    torch::Tensor weight = torch::ones({2, 2}, torch::requires_grad());
    void remember_and_move(Regularizer& regularizer) {
        regularizer.remember({{{{"weight", weight}}, 0.1}});
        const torch::NoGradGuard no_grad;
        weight.fill_(3);
    }
};

double penalty_of(RegularizationMethod method, double strength, const torch::Tensor& frozen,
                  const torch::Tensor& embeddings, const std::vector<std::size_t>& samples) {
    return Regularizer({method, strength, 1}, frozen).penalty(embeddings, samples).item<double>();
}

TEST(Regularization, DistillationIsTheMeanSquaredDifferenceOfCosines) {
    torch::manual_seed(1);
    const torch::Tensor frozen = unit(torch::randn({9, 16})), embeddings = unit(torch::randn({4, 5}));
    const std::vector<std::size_t> samples{7, 0, 3, 8};
    double sum = 0;
    for (std::int64_t i = 0; i < 4; ++i) {
        for (std::int64_t j = 0; j < 4; ++j) {
            if (i == j) continue;
            const auto row = [&](std::int64_t k) {
                return frozen[static_cast<std::int64_t>(samples[static_cast<std::size_t>(k)])];
            };
            const double difference =
                embeddings[i].dot(embeddings[j]).item<double>() - row(i).dot(row(j)).item<double>();
            sum += difference * difference;
        }
    }
    EXPECT_NEAR(penalty_of(RegularizationMethod::distill, 3, frozen, embeddings, samples), 3 * sum / 12,
                1e-6);
}

TEST(Regularization, DistillationIsNothingWhereTheSpaceIsOnlyTurned) {
    torch::manual_seed(2);
    const torch::Tensor frozen = unit(torch::randn({6, 8}));
    const torch::Tensor turned = frozen.mm(std::get<0>(torch::linalg_qr(torch::randn({8, 8}))));
    EXPECT_NEAR(penalty_of(RegularizationMethod::distill, 1, frozen, turned, {0, 1, 2, 3, 4, 5}), 0, 1e-9);
}

TEST(Regularization, L2IsHalfTheSquaredDistanceFromTheStart) {
    Regularizer regularizer({RegularizationMethod::l2, 0.5, 1}, {});
    MovedWeight moved;
    moved.remember_and_move(regularizer);
    const torch::Tensor penalty = regularizer.penalty(torch::ones({1, 2}), {});
    EXPECT_NEAR(penalty.item<double>(), 0.5 * 0.5 * 4 * 4, 1e-6);
    penalty.backward();
    EXPECT_NEAR(moved.weight.grad()[0][0].item<double>(), 0.5 * 2, 1e-6);
}

TEST(Regularization, AnEarlierStagesStartStands) {
    Regularizer regularizer({RegularizationMethod::l2, 1, 1}, {});
    MovedWeight moved;
    moved.remember_and_move(regularizer);
    regularizer.remember({{{{"weight", moved.weight}}, 0.1}});
    EXPECT_GT(regularizer.penalty(torch::ones({1, 2}), {}).item<double>(), 1);
}

TEST(Regularization, WeightsAreInterpolatedForAsLongAsTheyArePublished) {
    Regularizer regularizer({RegularizationMethod::wise_ft, 1, 0.25}, {});
    MovedWeight moved;
    moved.remember_and_move(regularizer);
    {
        const InterpolatedWeights kept(regularizer);
        EXPECT_FLOAT_EQ(moved.weight[1][1].item<float>(), 0.25F * 3 + 0.75F * 1);
    }
    EXPECT_FLOAT_EQ(moved.weight[1][1].item<float>(), 3);
    EXPECT_FALSE(regularizer.penalty(torch::ones({1, 2}), {}).defined());
}

TEST(Regularization, NoneAddsAndChangesNothing) {
    Regularizer regularizer({RegularizationMethod::none, 5, 0.5}, torch::ones({1, 2}));
    MovedWeight moved;
    moved.remember_and_move(regularizer);
    const InterpolatedWeights kept(regularizer);
    EXPECT_FLOAT_EQ(moved.weight[0][0].item<float>(), 3);
    EXPECT_FALSE(regularizer.penalty(torch::ones({1, 2}), std::vector<std::size_t>{0}).defined());
}

// How far the weights of a run's last model are from those at the start of another whose rates are next to
// nothing.
double distance_from_start(const PaintedWorld& world, const PaintedWorld& still) {
    const SafetensorsFile a(world.checkpoint("last_model.safetensors")),
        b(still.checkpoint("last_model.safetensors"));
    double sum = 0;
    for (const std::string& name : a.names())
        sum += (a.tensor(name) - b.tensor(name)).pow(2).sum().item<double>();
    return sum;
}

TEST(Regularization, EachMethodEndsNearerToTheStart) {
    PaintedWorld still;
    still.options.train.stage1.learning_rate = still.options.train.stage2.learning_rate = 1e-12;
    still.train();
    PaintedWorld plain;
    plain.options.train.regularization.method = RegularizationMethod::none;
    plain.train();
    const double far = distance_from_start(plain, still);
    EXPECT_GT(far, 0);
    for (const auto& [method, strength] : {std::pair{RegularizationMethod::wise_ft, 1.0},
                                           {RegularizationMethod::l2, 1.0},
                                           {RegularizationMethod::distill_wise_ft, 10.0}}) {
        PaintedWorld kept;
        kept.options.train.regularization = {method, strength, 0.5};
        kept.train();
        EXPECT_LT(distance_from_start(kept, still), 0.9 * far) << static_cast<int>(method);
    }
}

TEST(Regularization, AlphaZeroIsTheModelAsItWas) {
    PaintedWorld world, still;
    world.options.train.regularization = {RegularizationMethod::wise_ft, 1, 0};
    still.options.train.regularization.method = RegularizationMethod::none;
    still.options.train.stage1.learning_rate = still.options.train.stage2.learning_rate = 0;
    const TrainReport report = world.train();
    still.train();
    EXPECT_LT(distance_from_start(world, still), 1e-10);
    EXPECT_GT(report.epochs.front().loss, 0);
}

}  // namespace
}  // namespace clipsim::testing
