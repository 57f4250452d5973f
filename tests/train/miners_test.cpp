#include "clipsim/train/miners.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

#include "train/golden.h"

namespace clipsim {
namespace {

using TripletSet = std::multiset<std::array<std::int64_t, 3>>;

TripletSet as_set(const Triplets& triplets) {
    TripletSet result;
    for (std::int64_t i = 0; i < triplets.size(); ++i) {
        result.insert({triplets.anchors[i].item<std::int64_t>(), triplets.positives[i].item<std::int64_t>(),
                       triplets.negatives[i].item<std::int64_t>()});
    }
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

torch::Generator generator(std::uint64_t seed) {
    return at::detail::createCPUGenerator(seed);
}

TEST(Miners, AllEqualsPytorchMetricLearning) {
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        EXPECT_EQ(as_set(mine_triplets(Mining::all, batch.distances, batch.labels, batch.margin, random)),
                  as_set(golden.at("all")));
    }
}

TEST(Miners, SemiHardEqualsPytorchMetricLearningOnTiesToo) {
    std::size_t found = 0;
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        const Triplets mined =
            mine_triplets(Mining::semi_hard, batch.distances, batch.labels, batch.margin, random);
        EXPECT_EQ(as_set(mined), as_set(golden.at("semi_hard")));
        found += static_cast<std::size_t>(mined.size());
    }
    EXPECT_GT(found, 20U);
}

TEST(Miners, BatchHardEqualsPytorchMetricLearning) {
    for (const auto& golden : testing::golden("mining")) {
        const Batch batch(golden);
        auto random = generator(1);
        const Triplets mined =
            mine_triplets(Mining::batch_hard, batch.distances, batch.labels, batch.margin, random);
        const auto& expected = golden.at("batch_hard");
        ASSERT_EQ(static_cast<std::size_t>(mined.size()), expected[0].size());
        for (std::int64_t i = 0; i < mined.size(); ++i) {
            // Where two are equally far either may be chosen; the distances and the classes are what counts.
            const auto row = static_cast<std::size_t>(i);
            const auto a = expected[0][row].get<std::int64_t>(), p = expected[1][row].get<std::int64_t>(),
                       n = expected[2][row].get<std::int64_t>();
            const auto mined_p = mined.positives[i].item<std::int64_t>(),
                       mined_n = mined.negatives[i].item<std::int64_t>();
            ASSERT_EQ(mined.anchors[i].item<std::int64_t>(), a);
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
        const TripletSet mined =
            as_set(mine_triplets(Mining::random, batch.distances, batch.labels, batch.margin, random));
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
    const auto draw = [&](torch::Generator random) {
        return as_set(mine_triplets(Mining::random, batch.distances, batch.labels, batch.margin, random));
    };
    EXPECT_EQ(draw(generator(5)), draw(generator(5)));
    EXPECT_NE(draw(generator(5)), draw(generator(6)));
}

}  // namespace
}  // namespace clipsim
