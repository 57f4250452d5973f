#include "clipsim/train/losses.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <vector>

#include "train/golden.h"

namespace clipsim {
namespace {

torch::Tensor matrix(const nlohmann::json& values, std::int64_t columns) {
    return torch::tensor(values.get<std::vector<float>>()).view({-1, columns});
}

torch::Tensor labels(const nlohmann::json& values) {
    return torch::tensor(values.get<std::vector<std::int64_t>>(), torch::kInt64);
}

TEST(PairLosses, EqualPytorchMetricLearningWithTheirGradients) {
    const std::map<std::string, Loss> losses{{"multi_similarity", Loss::multi_similarity},
                                             {"supcon", Loss::supcon},
                                             {"proxy_anchor", Loss::proxy_anchor}};
    torch::Generator random = at::detail::createCPUGenerator(1);
    for (const auto& golden : testing::golden("pair_losses")) {
        SCOPED_TRACE(golden.at("loss").get<std::string>());
        const auto dimension = golden.at("dimension").get<std::int64_t>();
        TrainConfig config;
        config.loss = losses.at(golden.at("loss").get<std::string>());
        torch::Tensor proxies;
        if (golden.contains("proxies")) proxies = matrix(golden.at("proxies"), dimension);
        const auto loss = make_loss(config, proxies.defined() ? static_cast<int>(proxies.size(0)) : 0,
                                    static_cast<int>(dimension), random);
        for (auto [name, parameter] : loss->parameters()) {
            const torch::NoGradGuard no_grad;
            parameter.copy_(proxies);
        }
        // The golden gradients are those of what pytorch-metric-learning normalises before it compares.
        const torch::Tensor raw = matrix(golden.at("embeddings"), dimension).requires_grad_();
        const torch::Tensor embeddings = torch::nn::functional::normalize(raw);
        const torch::Tensor batch_labels = labels(golden.at("labels"));
        const LossValue value = loss->compute(
            {embeddings, batch_labels, torch::cat({embeddings, matrix(golden.at("memory"), dimension)}),
             torch::cat({batch_labels, labels(golden.at("memory_labels"))})});
        EXPECT_NEAR(value.loss.item<double>(), golden.at("value").get<double>(), 1e-5);
        EXPECT_GT(value.terms, 0);
        EXPECT_GT(value.active_share, 0);
        value.loss.backward();
        EXPECT_LT((raw.grad() - matrix(golden.at("gradient"), dimension)).abs().max().item<double>(), 1e-5);
        if (proxies.defined()) {
            const torch::Tensor gradient = loss->parameters().at("loss.proxies").grad();
            EXPECT_LT((gradient - matrix(golden.at("proxy_gradient"), dimension)).abs().max().item<double>(),
                      1e-5);
        }
    }
}

TEST(PairLosses, ABatchOfOneClassIsEmptyAndHasNoNan) {
    torch::Generator random = at::detail::createCPUGenerator(1);
    for (const Loss kind : {Loss::triplet, Loss::multi_similarity, Loss::supcon}) {
        TrainConfig config;
        config.loss = kind;
        const torch::Tensor embeddings = torch::eye(3).requires_grad_();
        const LossValue value = make_loss(config, 1, 3, random)
                                    ->compute(compare_within(embeddings, torch::zeros({3}, torch::kInt64)));
        EXPECT_TRUE(value.is_empty);
        value.loss.backward();
        EXPECT_TRUE(embeddings.grad().isfinite().all().item<bool>());
    }
}

TEST(ProxyAnchor, ProxiesStartAtTheMeanDirectionOfTheirClass) {
    TrainConfig config;
    config.loss = Loss::proxy_anchor;
    torch::Generator random = at::detail::createCPUGenerator(1);
    const auto loss = make_loss(config, 3, 2, random);
    loss->start_from(torch::tensor({{1.0F, 0.0F}, {0.0F, 1.0F}, {-1.0F, 0.0F}}),
                     torch::tensor({0, 0, 2}, torch::kInt64));
    const torch::Tensor proxies = loss->parameters().at("loss.proxies");
    const auto half = static_cast<float>(std::sqrt(0.5));
    EXPECT_TRUE(torch::allclose(proxies, torch::tensor({{half, half}, {0.0F, 0.0F}, {-1.0F, 0.0F}})));
    EXPECT_TRUE(proxies.requires_grad());
}

}  // namespace
}  // namespace clipsim
