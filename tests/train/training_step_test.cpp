#include "training_step.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "train/linear_stage.h"

namespace clipsim::testing {
namespace {

torch::Tensor gradient_of(const std::vector<TrainBatch>& batches, const std::vector<int>& labels,
                          const TrainConfig& config, double scale = 1) {
    LinearStage stage;
    torch::Generator random = at::detail::createCPUGenerator(7);
    const auto loss = make_loss(config, 4, 3, random);
    CrossBatchMemory memory(0);
    ProcessGroup alone;
    const Regularizer regularizer({}, torch::Tensor());
    const LossValue value =
        backpropagate({stage, *loss, memory, regularizer, alone}, {batches, labels}, scale);
    EXPECT_FALSE(value.is_empty);
    return stage.weight.grad().clone();
}

// Triplets across the batches count, so that the mean of the batches' own gradients would be something else.
TEST(TrainingStep, SeveralBatchesHaveTheGradientOfOneLargeBatch) {
    torch::manual_seed(3);
    const torch::Tensor input = torch::randn({8, 5});
    const std::vector<int> labels{0, 0, 1, 1, 2, 2, 0, 1};
    const std::vector<TrainBatch> whole{{input, {0, 1, 2, 3, 4, 5, 6, 7}}};
    const std::vector<TrainBatch> parts{{input.narrow(0, 0, 3), {0, 1, 2}},
                                        {input.narrow(0, 3, 4), {3, 4, 5, 6}},
                                        {input.narrow(0, 7, 1), {7}}};
    for (const Loss kind : {Loss::triplet, Loss::multi_similarity, Loss::supcon}) {
        for (const Mining mining : {Mining::all, Mining::random, Mining::batch_hard}) {
            TrainConfig config;
            config.loss = kind;
            config.mining = mining;
            config.margin = 1;
            const torch::Tensor one = gradient_of(whole, labels, config),
                                many = gradient_of(parts, labels, config);
            // Sums in another order: some roundings of a float, of which CPUs have different ones.
            const double largest = one.abs().max().item<double>();
            EXPECT_GT(largest, 1e-3);
            EXPECT_LT((one - many).abs().max().item<double>(), 1e-5 * largest);
        }
    }
}

TEST(TrainingStep, TheScaleMultipliesTheGradient) {
    torch::manual_seed(3);
    const std::vector<int> labels{0, 0, 1, 1};
    const std::vector<TrainBatch> batch{{torch::randn({4, 5}), {0, 1, 2, 3}}};
    TrainConfig config;
    config.margin = 1;
    EXPECT_TRUE(
        torch::allclose(gradient_of(batch, labels, config) * 1024, gradient_of(batch, labels, config, 1024)));
}

}  // namespace
}  // namespace clipsim::testing
