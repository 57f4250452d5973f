#include <gtest/gtest.h>

#include "clipsim/model/clip_model.h"
#include "model/model_fixtures.h"

namespace clipsim::testing {
namespace {

TEST(ProjectionHead, GivesRowsOfUnitLength) {
    ProjectionHead head(12, 5);
    const torch::Tensor rows = head->forward(torch::randn({7, 12}) * 100);
    EXPECT_EQ(rows.sizes(), (std::vector<std::int64_t>{7, 5}));
    EXPECT_LT(largest_difference(rows.norm(2, 1), torch::ones(7)), 1e-6);
}

TEST(ProjectionHead, HasTheGradientOfNormalize) {
    torch::manual_seed(5);
    ProjectionHead head(6, 4);
    const torch::Tensor features = torch::randn({9, 6}), slopes = torch::randn({9, 4});
    const torch::Tensor expected = torch::nn::functional::normalize(
        head->linear(features), torch::nn::functional::NormalizeFuncOptions().dim(1));
    const torch::Tensor weight = head->linear->weight;
    const auto gradient = torch::autograd::grad({head->forward(features)}, {weight}, {slopes});
    const auto wanted = torch::autograd::grad({expected}, {weight}, {slopes});
    EXPECT_LT(largest_difference(gradient[0], wanted[0]), 1e-5);
}

TEST(ProjectionHead, StartsFromTheDirectionsThatKeepMostOfTheDistances) {
    torch::manual_seed(3);
    // Features of rank 3 in 12 dimensions: three directions keep all cosines.
    const torch::Tensor features =
        torch::nn::functional::normalize(torch::randn({50, 3}).mm(torch::randn({3, 12})),
                                         torch::nn::functional::NormalizeFuncOptions().dim(1));
    ProjectionHead head(12, 3);
    head->initialise_from(features);
    const torch::Tensor projected = head->forward(features);
    EXPECT_LT(largest_difference(projected.mm(projected.t()), features.mm(features.t())), 1e-5);
    const torch::Tensor weight = head->linear->weight;
    EXPECT_LT(largest_difference(weight.mm(weight.t()), torch::eye(3)), 1e-5) << "orthonormal";
}

TEST(ProjectionHead, StartsTheSameFromTheSameFeatures) {
    const torch::Tensor features = torch::randn({20, 8});
    ProjectionHead a(8, 4), b(8, 4);
    a->initialise_from(features);
    b->initialise_from(features);
    EXPECT_TRUE(torch::equal(a->linear->weight, b->linear->weight));
}

TEST(ProjectionHead, MayHaveMoreOutputsThanInputs) {
    const torch::Tensor features = torch::randn({20, 4});
    ProjectionHead head(4, 6);
    head->initialise_from(features);
    EXPECT_LT(largest_difference(head->forward(features).norm(2, 1), torch::ones(20)), 1e-6);
}

}  // namespace
}  // namespace clipsim::testing
