#include "clipsim/train/miners.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <set>
#include <vector>

#include "train/golden.h"

namespace clipsim {
namespace {

using TripletSet = std::multiset<std::array<std::int64_t, 3>>;

TripletSet as_set(const Triplets& triplets) {
    TripletSet result;
    for (const auto& [anchor, positive, negative] : triplets) result.insert({anchor, positive, negative});
    return result;
}

TripletSet as_set(const nlohmann::json& columns) {
    TripletSet result;
    for (std::size_t i = 0; i < columns.at(0).size(); ++i) {
        result.insert({columns[0][i].get<std::int64_t>(), columns[1][i].get<std::int64_t>(),
                       columns[2][i].get<std::int64_t>()});
    }
    return result;
}

struct Batch {
    torch::Tensor distances, labels;
    double margin;
    explicit Batch(const nlohmann::json& golden) : margin(golden.at("margin").get<double>()) {
        const auto values = golden.at("labels").get<std::vector<std::int64_t>>();
        labels = torch::tensor(values, torch::kInt64);
        distances =
            torch::tensor(golden.at("distances").get<std::vector<float>>()).view({labels.size(0), -1});
    }
};

// The distances are given, so the embeddings that they would come from do not matter.
Comparison comparison_of(const torch::Tensor& labels, std::int64_t dimension = 4) {
    return compare_within(torch::zeros({labels.size(0), dimension}), labels);
}

Triplets mine(Mining mining, const Batch& batch, torch::Generator& random, int per_anchor = 0) {
    return mine_triplets({mining, batch.margin, per_anchor, {}}, batch.distances, comparison_of(batch.labels),
                         random);
}

torch::Generator generator(std::uint64_t seed) {
    return at::detail::createCPUGenerator(seed);
}

TEST(Miners, AllEqualsPytorchMetricLearning) {
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        EXPECT_EQ(as_set(mine(Mining::all, batch, random)), as_set(golden.at("all")));
    }
}

TEST(Miners, SemiHardEqualsPytorchMetricLearningOnTiesToo) {
    std::size_t found = 0;
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        const Triplets mined = mine(Mining::semi_hard, batch, random);
        EXPECT_EQ(as_set(mined), as_set(golden.at("semi_hard")));
        found += mined.size();
    }
    EXPECT_GT(found, 20U);
}

TEST(Miners, BatchHardEqualsPytorchMetricLearning) {
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        const Triplets mined = mine(Mining::batch_hard, batch, random);
        const auto& expected = golden.at("batch_hard");
        ASSERT_EQ(mined.size(), expected[0].size());
        for (std::size_t row = 0; row < mined.size(); ++row) {
            // Where two are equally far either may be chosen; the distances and the classes are what counts.
            const auto a = expected[0][row].get<std::int64_t>(), p = expected[1][row].get<std::int64_t>(),
                       n = expected[2][row].get<std::int64_t>();
            const auto [mined_a, mined_p, mined_n] = mined[row];
            ASSERT_EQ(mined_a, a);
            EXPECT_EQ(batch.distances[a][mined_p].item<float>(), batch.distances[a][p].item<float>());
            EXPECT_EQ(batch.distances[a][mined_n].item<float>(), batch.distances[a][n].item<float>());
            EXPECT_NE(mined_p, a);
            EXPECT_EQ(batch.labels[mined_p].item<std::int64_t>(), batch.labels[a].item<std::int64_t>());
            EXPECT_NE(batch.labels[mined_n].item<std::int64_t>(), batch.labels[a].item<std::int64_t>());
        }
    }
}

TEST(Miners, RandomGivesEachPairOneValidNegative) {
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(3);
        const TripletSet mined = as_set(mine(Mining::random, batch, random));
        const TripletSet valid = as_set(golden.at("all"));
        std::set<std::pair<std::int64_t, std::int64_t>> pairs, valid_pairs;
        for (const auto& [a, p, n] : mined) {
            EXPECT_EQ(valid.count({a, p, n}), 1U);
            EXPECT_TRUE(pairs.emplace(a, p).second) << "two negatives for one pair";
        }
        for (const auto& [a, p, n] : valid) valid_pairs.emplace(a, p);
        EXPECT_EQ(pairs, valid_pairs);
    }
}

TEST(Miners, RandomFollowsItsGenerator) {
    const Batch batch(testing::golden("mining")[0]);
    const auto draw = [&](torch::Generator random) { return as_set(mine(Mining::random, batch, random)); };
    EXPECT_EQ(draw(generator(5)), draw(generator(5)));
    EXPECT_NE(draw(generator(5)), draw(generator(6)));
}

TEST(Miners, DistanceWeightedDrawsByTheWeightsOfPytorchMetricLearning) {
    for (const auto& golden : testing::golden("distance_weights")) {
        const auto dimension = golden.at("dimension").get<std::int64_t>();
        const torch::Tensor embeddings =
            torch::tensor(golden.at("embeddings").get<std::vector<double>>(), torch::kFloat64)
                .view({-1, dimension});
        const torch::Tensor labels =
            torch::tensor(golden.at("labels").get<std::vector<std::int64_t>>(), torch::kInt64);
        const Comparison comparison = compare_within(embeddings, labels);
        const torch::Tensor weights = negative_weights(
            {golden.at("cutoff").get<double>(), golden.at("nonzero_loss_cutoff").get<double>()},
            pairwise_distances(embeddings, embeddings), comparison);
        const torch::Tensor expected =
            torch::tensor(golden.at("weights").get<std::vector<double>>(), torch::kFloat64).view_as(weights);
        EXPECT_LT((weights - expected).abs().max().item<double>(), 1e-5);
    }
}

TEST(Miners, DistanceWeightedFollowsItsWeights) {
    // Anchor 0 with positive 1; negatives at 0.6, 1.0, 1.39 and one beyond the cutoff of 1.4.
    const torch::Tensor labels = torch::tensor({0, 0, 1, 2, 3, 4}, torch::kInt64);
    torch::Tensor distances = torch::full({6, 6}, 1.0);
    distances[0] = torch::tensor({0.0, 0.3, 0.6, 1.0, 1.39, 1.5});
    const Comparison comparison = comparison_of(labels, 8);
    const torch::Tensor weights = negative_weights({}, distances, comparison)[0];
    torch::Tensor counts = torch::zeros({6}, torch::kFloat64);
    auto random = generator(9);
    constexpr int rounds = 4000;
    for (int i = 0; i < rounds; ++i) {
        const Triplets drawn =
            mine_triplets({Mining::distance_weighted, 0.2, 0, {}}, distances, comparison, random);
        ASSERT_EQ(drawn[0].anchor, 0);
        counts[drawn[0].negative] += 1;
    }
    EXPECT_LT((counts / rounds - weights).abs().max().item<double>(), 0.03);
    EXPECT_EQ(counts[5].item<double>(), 0) << "beyond nonzero_loss_cutoff";
    EXPECT_GT(weights[2].item<double>(), weights[3].item<double>());
}

TEST(Miners, AtMostSoManyTripletsAnAnchorAndEachAsLikely) {
    const Batch batch(testing::golden("mining")[0]);
    auto random = generator(4);
    const Triplets all = mine(Mining::all, batch, random);
    std::map<std::array<std::int64_t, 3>, int> seen;
    constexpr int rounds = 400;
    for (int i = 0; i < rounds; ++i) {
        std::map<std::int64_t, int> per_anchor;
        for (const auto& triplet : as_set(mine(Mining::all, batch, random, 3))) {
            ++per_anchor[triplet[0]];
            ++seen[triplet];
        }
        for (const auto& [anchor, count] : per_anchor) EXPECT_EQ(count, 3) << anchor;
    }
    EXPECT_EQ(seen.size(), all.size());
    const double expected = 3.0 * 12 * rounds / static_cast<double>(all.size());
    for (const auto& [triplet, count] : seen) EXPECT_NEAR(count, expected, 0.5 * expected);
}

TEST(Miners, MultiSimilarityPairsEqualPytorchMetricLearningOnTiesToo) {
    for (const auto& golden : testing::golden("multi_similarity_mining")) {
        const torch::Tensor labels =
            torch::tensor(golden.at("labels").get<std::vector<std::int64_t>>(), torch::kInt64);
        const torch::Tensor similarities =
            torch::tensor(golden.at("similarities").get<std::vector<float>>()).view({labels.size(0), -1});
        const PairMasks pairs =
            multi_similarity_pairs(golden.at("epsilon").get<double>(), similarities, comparison_of(labels));
        torch::Tensor positives = torch::zeros_like(pairs.positives), negatives = positives.clone();
        const auto& expected = golden.at("pairs");
        for (std::size_t i = 0; i < expected[0].size(); ++i)
            positives[expected[0][i].get<std::int64_t>()][expected[1][i].get<std::int64_t>()] = true;
        for (std::size_t i = 0; i < expected[2].size(); ++i)
            negatives[expected[2][i].get<std::int64_t>()][expected[3][i].get<std::int64_t>()] = true;
        EXPECT_TRUE(torch::equal(pairs.positives, positives));
        EXPECT_TRUE(torch::equal(pairs.negatives, negatives));
    }
}

TEST(Miners, ReferencesBeyondTheBatchServeAsPositivesAndNegatives) {
    const torch::Tensor labels = torch::tensor({0, 1}, torch::kInt64);
    const torch::Tensor reference_labels = torch::tensor({0, 1, 0, 2}, torch::kInt64);
    const torch::Tensor references = torch::eye(4);
    const Comparison comparison{references.narrow(0, 0, 2), labels, references, reference_labels};
    auto random = generator(1);
    const Triplets mined =
        mine_triplets({}, pairwise_distances(comparison.anchors, references), comparison, random);
    EXPECT_EQ(as_set(mined), (TripletSet{{0, 2, 1}, {0, 2, 3}}));
}

}  // namespace
}  // namespace clipsim
