#include "clipsim/train/comparison.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

// |a - r| by its definition, for autograd to differentiate.
torch::Tensor by_definition(const torch::Tensor& anchors, const torch::Tensor& references) {
    return (anchors.unsqueeze(1) - references.unsqueeze(0)).square().sum(2).sqrt();
}

double largest(const torch::Tensor& values) {
    return values.abs().max().item<double>();
}

TEST(PairwiseDistances, AndTheirGradientsAreThoseOfTheDefinition) {
    torch::manual_seed(1);
    const torch::Tensor anchors = torch::randn({5, 7}).requires_grad_(true),
                        references = torch::randn({9, 7}).requires_grad_(true), slopes = torch::randn({5, 9});
    const torch::Tensor distances = pairwise_distances(anchors, references),
                        expected = by_definition(anchors, references);
    EXPECT_LT(largest(distances - expected), 1e-5);
    const auto gradients = torch::autograd::grad({distances}, {anchors, references}, {slopes});
    const auto wanted = torch::autograd::grad({expected}, {anchors, references}, {slopes});
    EXPECT_LT(largest(gradients[0] - wanted[0]), 1e-5);
    EXPECT_LT(largest(gradients[1] - wanted[1]), 1e-5);
}

TEST(PairwiseDistances, OfABatchWithItselfAddBothSidesOfTheGradient) {
    torch::manual_seed(2);
    const torch::Tensor batch = torch::randn({6, 4}).requires_grad_(true), slopes = torch::randn({6, 6}),
                        left = batch.detach().clone().requires_grad_(true),
                        right = batch.detach().clone().requires_grad_(true);
    const auto gradient = torch::autograd::grad({pairwise_distances(batch, batch)}, {batch}, {slopes});
    const auto sides = torch::autograd::grad({pairwise_distances(left, right)}, {left, right}, {slopes});
    EXPECT_LT(largest(gradient[0] - (sides[0] + sides[1])), 1e-6);
    EXPECT_GT(largest(sides[1]), 0.1);
}

TEST(PairwiseDistances, DuplicatesPullNowhere) {
    const torch::Tensor batch =
        torch::tensor({{0.6F, 0.8F}, {0.6F, 0.8F}, {1.0F, 0.0F}}).requires_grad_(true);
    const torch::Tensor distances = pairwise_distances(batch, batch);
    EXPECT_EQ(distances[0][1].item<float>(), 0.0F);
    distances[0][1].backward();
    EXPECT_EQ(largest(batch.grad()), 0.0);
}

}  // namespace
}  // namespace clipsim::testing
