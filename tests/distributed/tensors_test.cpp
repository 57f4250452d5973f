// Each test starts this program again, once a rank, which looks at what it was given.
#include "clipsim/distributed/tensors.h"

#include <gtest/gtest.h>

#include "support/ranks.h"

namespace clipsim::testing {
namespace {

// Rank r gives r rows of r.
void expect_rows_in_order(ProcessGroup& group, const torch::Device& device) {
    const torch::Tensor own = torch::full({group.rank(), 2}, group.rank(), device);
    const GatheredRows all = gather_rows(group, own);
    std::vector<double> expected;
    for (int rank = 0; rank < group.size(); ++rank)
        expected.insert(expected.end(), 2 * static_cast<std::size_t>(rank), rank);
    EXPECT_EQ(all.rows.device(), device);
    EXPECT_EQ(all.first, group.rank() * (group.rank() - 1) / 2);
    EXPECT_TRUE(
        all.rows.flatten().to(torch::kCPU, torch::kDouble).equal(torch::tensor(expected, torch::kDouble)));
}

// Rank 0 lacks the second gradient.
void expect_sums(ProcessGroup& group, const torch::Device& device) {
    torch::Tensor first = torch::zeros({2, 3}, device).requires_grad_(),
                  second = torch::zeros({4}, device).requires_grad_();
    first.mutable_grad() = torch::ones({2, 3}, device);
    if (group.rank() > 0) second.mutable_grad() = torch::full({4}, 0.5, device);
    sum_gradients(group, std::vector<torch::Tensor>{first, second});
    EXPECT_TRUE(first.grad().equal(torch::full({2, 3}, 1.0 * group.size(), device)));
    EXPECT_TRUE(second.grad().equal(torch::full({4}, 0.5 * (group.size() - 1), device)));
}

TEST(Rank, DISABLED_Exchanges) {
    const std::optional<std::string> name = given_order();
    if (!name) GTEST_SKIP() << "is started by other tests";
    const auto group = ProcessGroup::from_environment(60);
    const torch::Device device(device_of_process(*name));
    use_device(*group, device);
    expect_rows_in_order(*group, device);
    expect_sums(*group, device);
    EXPECT_EQ(group->gather(std::string(static_cast<std::size_t>(group->rank()), 'x')).back().size(),
              static_cast<std::size_t>(group->size() - 1));
    group->wait_for_all();
}

TEST(Rank, DISABLED_IsLost) {
    if (!given_order()) GTEST_SKIP() << "is started by other tests";
    const auto group = ProcessGroup::from_environment(60);
    const torch::Device device(device_of_process(*given_order()));
    use_device(*group, device);
    if (group->rank() == 1) ::_exit(9);
    const torch::Tensor tensor = torch::ones({3}, device);
    EXPECT_THROW(sum_over_ranks(*group, std::span(&tensor, 1)), LostProcessError);
}

// What a rank of another model or config would send is told before it is taken.
TEST(Rank, DISABLED_SendsOthers) {
    if (!given_order()) GTEST_SKIP() << "is started by other tests";
    const auto group = ProcessGroup::from_environment(60);
    EXPECT_THROW(gather_rows(*group, torch::ones({2, 3 + group->rank()})), Error);
    EXPECT_THROW(
        gather_rows(*group, torch::ones({2, 3}, group->rank() == 0 ? torch::kFloat32 : torch::kFloat64)),
        Error);
    const torch::Tensor sums = torch::ones({3 + group->rank()});
    EXPECT_THROW(sum_over_ranks(*group, std::span(&sums, 1)), Error);
    EXPECT_NO_THROW(group->require_same({{"the photos", "a"}, {"train.margin", "0.2"}}));
    try {
        group->require_same({{"the photos", "a"}, {"train.margin", group->rank() == 0 ? "0.2" : "0.3"}});
        ADD_FAILURE();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("train.margin: rank 0 has 0.2, rank 1 has 0.3"),
                  std::string::npos)
            << error.what();
    }
    EXPECT_THROW(group->require_same({{group->rank() == 0 ? "a" : "b", ""}}), UsageError);
}

TEST(DistributedTensors, RanksThatDifferAreToldSo) {
    EXPECT_EQ(start_ranks(2, "Rank.DISABLED_SendsOthers", "cpu"), (std::vector<int>{0, 0}));
}

void expect_exchange_on(const std::string& device) {
    for (const int size : {2, 3})
        EXPECT_EQ(start_ranks(size, "Rank.DISABLED_Exchanges", device),
                  std::vector<int>(static_cast<std::size_t>(size), 0));
    EXPECT_EQ(start_ranks(2, "Rank.DISABLED_IsLost", device), (std::vector<int>{0, 9}));
}

TEST(DistributedTensors, EveryRankHasTheRowsAndSumsOfAll) {
    expect_exchange_on("cpu");
}

// Over NCCL where each rank finds a GPU of its own, through host memory elsewhere.
TEST(DistributedTensors, OnGpusTheSame) {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU here";
    expect_exchange_on("cuda");
}

}  // namespace
}  // namespace clipsim::testing
