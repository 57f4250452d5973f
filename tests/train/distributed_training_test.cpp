// Several processes train as one: each test starts this program again, once a rank.
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "clipsim/model/safetensors.h"
#include "clipsim/train/trainer.h"
#include "support/ranks.h"
#include "train/linear_stage.h"
#include "train/painted_world.h"
#include "training_step.h"

namespace clipsim::testing {
namespace {

// The exit codes of the ranks.
std::vector<int> run_ranks(int size, const nlohmann::json& order) {
    return start_ranks(size, order.contains("step") ? "Rank.DISABLED_TakesAStep" : "Rank.DISABLED_Trains",
                       order.dump());
}

void set_up(PaintedWorld& world, Loss loss, int views = 2) {
    // The default rates: at high ones Adam makes steps of gradients that are rounding alone.
    world.options.train.stage1.learning_rate = 1e-3;
    world.options.train.stage2.learning_rate = 3e-4;
    world.options.train.loss = loss;
    world.options.train.ema_decay = loss == Loss::supcon ? 0.9 : 0;
    world.options.train.accumulate_batches = loss == Loss::supcon ? 2 : 1;
    world.options.train.augment_views = views;
}

// What two runs may differ by: in fp32 the order of their sums alone, in what `amp: auto` takes (bf16 where
// the CPU has it) as much as Adam can move a weight, some rate per step in either direction.
double tolerance_of(Amp amp) {
    constexpr double stage2_rate = 3e-4, stage2_steps = 12;
    return amp == Amp::off ? 1e-4 : 2 * stage2_rate * stage2_steps;
}

void expect_same_models(const std::filesystem::path& one, const std::filesystem::path& several,
                        Amp amp = Amp::off) {
    const double most = tolerance_of(amp);
    const SafetensorsFile a(one / "checkpoints/last_model.safetensors"),
        b(several / "checkpoints/last_model.safetensors");
    ASSERT_EQ(a.names(), b.names());
    for (const std::string& name : a.names()) {
        // Softmax does not see it: its gradient is rounding alone, which Adam turns into steps.
        if (name.ends_with("k_proj.bias")) continue;
        EXPECT_LT((a.tensor(name) - b.tensor(name)).abs().max().item<double>(), most) << name;
    }
    const std::vector<EpochRecord> left = read_metrics(one / "metrics.jsonl"),
                                   right = read_metrics(several / "metrics.jsonl");
    ASSERT_EQ(left.size(), right.size());
    if (amp != Amp::off) return;
    for (std::size_t i = 0; i < left.size(); ++i) {
        EXPECT_NEAR(left[i].loss, right[i].loss, 1e-4) << i;
        EXPECT_NEAR(left[i].validation.mean_average_precision_at_r,
                    right[i].validation.mean_average_precision_at_r, 1e-4)
            << i;
    }
}

// The gradient of one step of two batches, of which this process has its part.
torch::Tensor gradient_of_step(Loss kind, ProcessGroup& processes) {
    torch::manual_seed(3);
    const torch::Tensor input = torch::randn({16, 5});
    std::vector<int> labels;
    for (int i = 0; i < 16; ++i) labels.push_back(i % 3);
    std::vector<TrainBatch> own;
    for (const std::size_t start : {0, 9}) {
        const auto [first, last] = processes.share_of(start == 0 ? 9 : 7);
        TrainBatch batch{input.narrow(0, static_cast<std::int64_t>(start + first),
                                      static_cast<std::int64_t>(last - first)),
                         {}};
        for (std::size_t i = start + first; i < start + last; ++i) batch.samples.push_back(i);
        own.push_back(std::move(batch));
    }
    TrainConfig config;
    config.loss = kind;
    config.mining = Mining::random;
    config.margin = 1;
    LinearStage stage;
    torch::Generator random = at::detail::createCPUGenerator(7);
    const auto loss = make_loss(config, 3, 3, random);
    CrossBatchMemory memory(0);
    RegularizationConfig regularization;
    regularization.method = RegularizationMethod::distill;
    const Regularizer regularizer(regularization, torch::nn::functional::normalize(input));
    backpropagate({stage, *loss, memory, regularizer, processes}, {own, labels}, 1);
    return stage.weight.grad().clone();
}

// One rank of a test below; alone it does nothing.
std::optional<nlohmann::json> order_of_rank() {
    const std::optional<std::string> text = given_order();
    if (!text) return std::nullopt;
    return nlohmann::json::parse(*text);
}

TEST(Rank, DISABLED_TakesAStep) {
    const std::optional<nlohmann::json> order = order_of_rank();
    if (!order) GTEST_SKIP() << "is started by other tests";
    const auto processes = ProcessGroup::from_environment(60);
    const torch::Tensor gradient =
        gradient_of_step(static_cast<Loss>(order->at("step").get<int>()), *processes);
    torch::save(gradient, order->at("output").get<std::string>() + std::to_string(processes->rank()));
}

TEST(Rank, DISABLED_Trains) {
    const std::optional<nlohmann::json> given = order_of_rank();
    if (!given) GTEST_SKIP() << "is started by other tests";
    const nlohmann::json& order = *given;
    PaintedWorld world;
    set_up(world, static_cast<Loss>(order.at("loss").get<int>()), order.value("views", 2));
    world.options.output_dir = order.at("output").get<std::string>();
    world.options.device = order.value("device", "cpu");
    world.options.train.amp = static_cast<Amp>(order.value("amp", static_cast<int>(Amp::off)));
    world.options.processes = ProcessGroup::from_environment(60);
    std::atomic<int> left = order.value("dies_after", 1 << 30);
    if (world.options.processes->rank() == order.value("dies", -1)) {
        world.decode = [&left](const std::filesystem::path& file) {
            if (--left == 0) ::_exit(9);
            return paint(file);
        };
    }
    try {
        world.train();
    } catch (const LostProcessError& error) {
        write_text(world.options.output_dir / "error.txt", error.what());
        ::_exit(1);
    }
}

TEST(DistributedTraining, EveryRankHasTheGradientOfOneProcess) {
    const TemporaryFolder folder;
    for (const Loss loss : {Loss::triplet, Loss::multi_similarity, Loss::supcon}) {
        ProcessGroup alone;
        const torch::Tensor expected = gradient_of_step(loss, alone);
        EXPECT_GT(expected.abs().max().item<double>(), 1e-3);
        const std::string output = (folder / "gradient").string();
        for (const int size : {2, 4}) {
            const nlohmann::json order{{"step", static_cast<int>(loss)}, {"output", output}};
            ASSERT_EQ(run_ranks(size, order), std::vector<int>(static_cast<std::size_t>(size), 0));
            for (int rank = 0; rank < size; ++rank) {
                torch::Tensor gradient;
                torch::load(gradient, output + std::to_string(rank));
                EXPECT_LT((gradient - expected).abs().max().item<double>(), 1e-5) << rank << " of " << size;
            }
        }
    }
}

void expect_the_model_of_one(const std::string& device, Loss loss, const std::vector<int>& sizes,
                             Amp amp = Amp::off) {
    PaintedWorld world;
    set_up(world, loss);
    world.options.device = device;
    world.options.train.amp = amp;
    world.train();
    for (const int size : sizes) {
        SCOPED_TRACE(size);
        const std::filesystem::path output = world.folder / std::to_string(size);
        const nlohmann::json order{{"loss", static_cast<int>(loss)},
                                   {"output", output.string()},
                                   {"device", device},
                                   {"amp", static_cast<int>(amp)}};
        EXPECT_EQ(run_ranks(size, order), std::vector<int>(static_cast<std::size_t>(size), 0));
        expect_same_models(world.options.output_dir, output, amp);
    }
}

void expect_that_all_end_when_one_is_lost(const std::string& device) {
    PaintedWorld whole, resumed;
    set_up(whole, Loss::triplet, 0);
    set_up(resumed, Loss::triplet, 0);
    whole.options.device = resumed.options.device = device;
    whole.train();
    // Rank 1 reads 18 + 6 photos for the features, then 20 an epoch of stage 2: lost within the second.
    const nlohmann::json order{{"loss", static_cast<int>(Loss::triplet)},
                               {"output", resumed.options.output_dir.string()},
                               {"device", device},
                               {"views", 0},
                               {"dies", 1},
                               {"dies_after", 54}};
    const std::vector<int> codes = run_ranks(2, order);
    EXPECT_EQ(codes, (std::vector<int>{1, 9}));
    const std::string said = read_text(resumed.options.output_dir / "error.txt");
    EXPECT_NE(said.find("rank 0 of 2: another process of the group ended"), std::string::npos) << said;
    resumed.options.resume = true;
    resumed.train();
    expect_same_models(whole.options.output_dir, resumed.options.output_dir);
}

TEST(DistributedTraining, TwoAndFourProcessesGiveTheModelOfOne) {
    for (const Loss loss : {Loss::triplet, Loss::supcon, Loss::proxy_anchor})
        expect_the_model_of_one("cpu", loss, {2, 4});
}

TEST(DistributedTraining, InTheArithmeticThatAutoTakesTwoProcessesStayNearTheModelOfOne) {
    expect_the_model_of_one("cpu", Loss::triplet, {2}, Amp::automatic);
}

TEST(DistributedTraining, ALostProcessEndsAllWithAnErrorAndAStateToGoOnFrom) {
    expect_that_all_end_when_one_is_lost("cpu");
}

// Over NCCL where there are two GPUs, through host memory where there is one.
TEST(DistributedTraining, OnGpusTwoProcessesGiveTheModelOfOne) {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU here";
    expect_the_model_of_one("cuda", Loss::triplet, {2});
}

TEST(DistributedTraining, OnGpusALostProcessEndsAll) {
    if (!torch::cuda::is_available()) GTEST_SKIP() << "no GPU here";
    expect_that_all_end_when_one_is_lost("cuda");
}

}  // namespace
}  // namespace clipsim::testing
