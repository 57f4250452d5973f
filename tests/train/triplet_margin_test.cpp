#include "losses/one_loss.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "train/golden.h"

namespace clipsim {
namespace {

TEST(TripletLoss, EqualsPytorchMetricLearningWithItsGradient) {
    const std::map<std::string, Mining> minings{
        {"all", Mining::all}, {"semi_hard", Mining::semi_hard}, {"batch_hard", Mining::batch_hard}};
    torch::Generator random = at::detail::createCPUGenerator(1);
    for (const auto& golden : testing::golden("loss")) {
        SCOPED_TRACE(golden.at("mining").get<std::string>());
        const std::int64_t dimension = golden.at("dimension").get<std::int64_t>();
        const double margin = golden.at("margin").get<double>();
        const torch::Tensor labels =
            torch::tensor(golden.at("labels").get<std::vector<std::int64_t>>(), torch::kInt64);
        const torch::Tensor embeddings = torch::tensor(golden.at("embeddings").get<std::vector<float>>())
                                             .view({-1, dimension})
                                             .requires_grad_();
        TrainConfig config;
        config.mining = minings.at(golden.at("mining").get<std::string>());
        config.margin = margin;
        const LossValue loss =
            make_triplet_margin(config, random)->compute(compare_within(embeddings, labels));
        EXPECT_EQ(loss.terms, golden.at("triplets").get<std::int64_t>());
        EXPECT_NEAR(loss.loss.item<double>(), golden.at("loss").get<double>(), 1e-5);
        EXPECT_NEAR(loss.active_share, golden.at("active_share").get<double>(), 1e-9);
        EXPECT_NEAR(loss.positive_distance, golden.at("positive_distance").get<double>(), 1e-5);
        EXPECT_NEAR(loss.negative_distance, golden.at("negative_distance").get<double>(), 1e-5);
        loss.loss.backward();
        const torch::Tensor gradient =
            torch::tensor(golden.at("gradient").get<std::vector<float>>()).view({-1, dimension});
        EXPECT_LT((embeddings.grad() - gradient).abs().max().item<double>(), 1e-5);
    }
}

TEST(TripletLoss, SoftMarginAndSquaredDistancesEqualPytorchMetricLearning) {
    torch::Generator random = at::detail::createCPUGenerator(1);
    for (const auto& golden : testing::golden("triplet_variants")) {
        TrainConfig config;
        config.margin = golden.at("margin").get<double>();
        config.triplet.soft_margin = golden.at("soft_margin").get<bool>();
        config.triplet.squared_distances = golden.at("squared_distances").get<bool>();
        const std::int64_t dimension = golden.at("dimension").get<std::int64_t>();
        const torch::Tensor labels =
            torch::tensor(golden.at("labels").get<std::vector<std::int64_t>>(), torch::kInt64);
        const torch::Tensor embeddings = torch::tensor(golden.at("embeddings").get<std::vector<float>>())
                                             .view({-1, dimension})
                                             .requires_grad_();
        const LossValue loss =
            make_triplet_margin(config, random)->compute(compare_within(embeddings, labels));
        EXPECT_NEAR(loss.loss.item<double>(), golden.at("loss").get<double>(), 1e-5);
        loss.loss.backward();
        const torch::Tensor gradient =
            torch::tensor(golden.at("gradient").get<std::vector<float>>()).view({-1, dimension});
        EXPECT_LT((embeddings.grad() - gradient).abs().max().item<double>(), 1e-5);
    }
}

TEST(TripletLoss, DuplicatesHaveDistanceZeroAndAFiniteGradient) {
    const torch::Tensor row =
        torch::nn::functional::normalize(torch::arange(1, 129).to(torch::kFloat32).unsqueeze(0));
    const torch::Tensor embeddings = row.repeat({3, 1}).requires_grad_();
    const torch::Tensor distances = pairwise_distances(embeddings, embeddings);
    EXPECT_EQ(distances.abs().max().item<float>(), 0.0F);
    distances.sum().backward();
    EXPECT_TRUE(embeddings.grad().isfinite().all().item<bool>());
}

TEST(TripletLoss, TripletsBeyondTheMarginDoNotDiluteTheMean) {
    // Two triplets: one violates the margin by 0.3, one by far does not.
    const torch::Tensor distances = torch::tensor({{0.0F, 0.5F, 0.4F, 1.9F},
                                                   {0.5F, 0.0F, 1.0F, 1.0F},
                                                   {0.4F, 1.0F, 0.0F, 1.0F},
                                                   {1.9F, 1.0F, 1.0F, 0.0F}});
    const Triplets triplets{{0, 1, 2}, {0, 1, 3}};
    const LossValue loss = triplet_margin_loss(distances, triplets, 0.2);
    EXPECT_NEAR(loss.loss.item<double>(), 0.3, 1e-6);
    EXPECT_NEAR(loss.active_share, 0.5, 1e-9);
}

TEST(TripletLoss, NoTripletsIsNoLoss) {
    const LossValue loss = triplet_margin_loss(torch::ones({2, 2}), {}, 0.2);
    EXPECT_EQ(loss.loss.item<double>(), 0);
    EXPECT_TRUE(loss.is_empty);
}

}  // namespace
}  // namespace clipsim
