// Stopped at any moment, a run goes on to the result that it would have had.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "clipsim/core/error.h"
#include "clipsim/model/safetensors.h"
#include "clipsim/train/trainer.h"
#include "message_of.h"
#include "train/painted_world.h"

namespace clipsim::testing {
namespace {

// A world whose training is asked to stop when the n-th photo is read.
struct StoppedWorld : PaintedWorld {
    explicit StoppedWorld(int reads) : left(std::make_shared<std::atomic<int>>(reads)) {
        options.stop = source.get_token();
        decode = [this, counter = left](const std::filesystem::path& file) {
            if (--*counter == 0) source.request_stop();
            return paint(file);
        };
    }
    // Runs until it is stopped, then as often as it takes to the end.
    int train_in_pieces() {
        int pieces = 1;
        while (true) {
            try {
                train();
                return pieces;
            } catch (const Interrupted&) {
                ++pieces;
                source = std::stop_source();
                options.stop = source.get_token();
                options.resume = std::filesystem::exists(checkpoint("last_state.pt"));
            }
        }
    }
    std::shared_ptr<std::atomic<int>> left;
    std::stop_source source;
};

std::vector<EpochRecord> metrics_of(const PaintedWorld& world) {
    std::vector<EpochRecord> epochs = read_metrics(world.options.output_dir / "metrics.jsonl");
    for (EpochRecord& epoch : epochs) epoch.seconds = 0;
    return epochs;
}

void expect_same_result(const PaintedWorld& a, const PaintedWorld& b) {
    EXPECT_EQ(read_text(a.checkpoint("last_model.safetensors")),
              read_text(b.checkpoint("last_model.safetensors")));
    EXPECT_EQ(read_text(a.checkpoint("best_model.safetensors")),
              read_text(b.checkpoint("best_model.safetensors")));
    const std::vector<EpochRecord> left = metrics_of(a), right = metrics_of(b);
    ASSERT_EQ(left.size(), right.size());
    for (std::size_t i = 0; i < left.size(); ++i) {
        EXPECT_EQ(left[i].loss, right[i].loss) << i;
        EXPECT_EQ(left[i].active_share, right[i].active_share) << i;
        EXPECT_EQ(left[i].validation.mean_average_precision_at_r,
                  right[i].validation.mean_average_precision_at_r)
            << i;
        EXPECT_EQ(left[i].best, right[i].best) << i;
    }
}

TEST(Resume, StoppedWhereverItWasContinuesToTheSameModel) {
    const PaintedWorld whole;
    whole.train();
    // 48 photos are read for the features, then some for each step of stage 2.
    for (const int reads : {48, 52, 61, 75, 100}) {
        SCOPED_TRACE(reads);
        StoppedWorld stopped(reads);
        EXPECT_GT(stopped.train_in_pieces(), 1);
        expect_same_result(whole, stopped);
    }
}

// With all that has a state of its own: averages, proxies, a cross-batch memory, several batches a step.
TEST(Resume, AveragesProxiesAndMemoryContinueToo) {
    for (const Loss loss : {Loss::triplet, Loss::proxy_anchor}) {
        const auto set_up = [loss](PaintedWorld& world) {
            world.options.train.loss = loss;
            world.options.train.ema_decay = 0.9;
            world.options.train.cross_batch_memory = loss == Loss::triplet ? 20 : 0;
            world.options.train.triplet.triplets_per_anchor = 5;
            world.options.train.accumulate_batches = 2;
            world.options.train.stage2.layer_decay = 0.5;
        };
        PaintedWorld whole;
        set_up(whole);
        whole.train();
        for (const int reads : {52, 75}) {
            SCOPED_TRACE(reads);
            StoppedWorld stopped(reads);
            set_up(stopped);
            EXPECT_GT(stopped.train_in_pieces(), 1);
            expect_same_result(whole, stopped);
        }
    }
}

// Stage 1 reads nothing, so a step has to be chosen by its number.
TEST(Resume, StoppedBetweenStepsOfStageOneContinuesToTheSameModel) {
    const auto head_only = [](PaintedWorld& world) {
        world.options.train.stage1.epochs = 4;
        world.options.train.stage2.epochs = 0;
    };
    PaintedWorld whole;
    head_only(whole);
    int steps_per_epoch = 0;
    whole.options.after_step = [&](int epoch, std::int64_t step) {
        if (epoch == 1) steps_per_epoch = static_cast<int>(step);
    };
    whole.train();
    ASSERT_GE(steps_per_epoch, 3);
    for (const auto& [last_epoch, last_step] :
         {std::pair{1, 1}, {1, steps_per_epoch - 1}, {2, 2}, {4, steps_per_epoch - 1}}) {
        SCOPED_TRACE(std::to_string(last_epoch) + ", " + std::to_string(last_step));
        PaintedWorld world;
        head_only(world);
        std::stop_source source;
        world.options.stop = source.get_token();
        world.options.after_step = [&](int epoch, std::int64_t step) {
            if (epoch == last_epoch && step == last_step) source.request_stop();
        };
        try {
            world.train();
            FAIL() << "it was not stopped";
        } catch (const Interrupted& stopped) {
            EXPECT_NE(std::string(stopped.what()).find("steps of the next"), std::string::npos)
                << stopped.what();
        }
        world.options.stop = {};
        world.options.resume = true;
        world.train();
        expect_same_result(whole, world);
    }
}

// Whatever `amp: auto` takes here, bf16 or fp32: a run is repeated, stopped and continued in the same
// arithmetic.
TEST(Resume, InTheArithmeticThatAutoTakesTheModelIsTheSameToo) {
    PaintedWorld whole;
    whole.options.train.amp = Amp::automatic;
    whole.train();
    StoppedWorld stopped(61);
    stopped.options.train.amp = Amp::automatic;
    EXPECT_GT(stopped.train_in_pieces(), 1);
    expect_same_result(whole, stopped);
}

TEST(Resume, AFinishedRunIsReportedAgain) {
    PaintedWorld world;
    const TrainReport first = world.train();
    world.options.resume = true;
    const TrainReport second = world.train();
    EXPECT_EQ(second.epochs.size(), first.epochs.size());
    EXPECT_EQ(second.best_epoch, first.best_epoch);
    EXPECT_EQ(second.before.triplet_accuracy, first.before.triplet_accuracy);
}

TEST(Resume, WithNothingThereSaysSo) {
    PaintedWorld world;
    world.options.resume = true;
    try {
        world.train();
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("nothing to resume"), std::string::npos) << error.what();
    }
}

TEST(Resume, WithAnotherConfigNamesTheKey) {
    PaintedWorld world;
    world.train();
    world.options.resume = true;
    world.options.train.margin = 0.5;
    try {
        world.train();
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("train.margin is 0.5, not 1.0"), std::string::npos)
            << error.what();
    }
}

TEST(Resume, ADamagedStateIsRefused) {
    PaintedWorld world;
    world.train();
    world.options.resume = true;
    const std::string whole = read_text(world.checkpoint("last_state.pt"));
    for (const std::string& text : {std::string(), std::string("garbage"), whole.substr(0, whole.size() / 2),
                                    whole.substr(0, whole.size() - 40)}) {
        write_text(world.checkpoint("last_state.pt"), text);
        EXPECT_THROW(world.train(), UsageError) << text.size();
    }
}

TEST(Resume, TrainingAnewForgetsTheEarlierRun) {
    PaintedWorld world;
    world.train();
    world.options.train.margin = 0.5;
    world.options.restart = true;
    EXPECT_EQ(world.train().epochs.size(), 5U);
    EXPECT_EQ(metrics_of(world).size(), 5U);
}

TEST(Resume, AFinishedRunGoesOnToMoreEpochs) {
    for (const bool stage2 : {true, false}) {
        PaintedWorld world;
        if (!stage2) world.options.train.stage2.epochs = 0;
        world.train();
        const std::vector<EpochRecord> before = metrics_of(world);
        const std::string model = read_text(world.checkpoint("last_model.safetensors"));
        world.options.resume = true;
        world.options.train.stage1.epochs = 3;  // of a stage that is over they count for the next one
        world.options.train.stage2.epochs = stage2 ? 4 : 1;
        const TrainReport report = world.train();
        ASSERT_EQ(report.epochs.size(), stage2 ? 7U : 4U);
        EXPECT_EQ(report.epochs.back().stage, 2);
        EXPECT_EQ(std::ranges::count(report.epochs, 1, &EpochRecord::stage), stage2 ? 2 : 3);
        for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(report.epochs[i].loss, before[i].loss) << i;
        EXPECT_NE(read_text(world.checkpoint("last_model.safetensors")), model);
        EXPECT_EQ(world.train().epochs.size(), report.epochs.size()) << "and is complete then";
        world.options.train.stage2.epochs = 0;
        world.options.train.stage1.epochs = 1;
        EXPECT_NE(message_of<UsageError>([&] { world.train(); }).find("train.epochs asks for 1"),
                  std::string::npos);
    }
}

TEST(FinishedRun, IsNotStartedOverUnasked) {
    PaintedWorld world;
    world.train();
    const std::string model = read_text(world.checkpoint("best_model.safetensors")),
                      state = read_text(world.checkpoint("last_state.pt"));
    const std::string message = message_of<UsageError>([&] { world.train(); });
    for (const char* part : {"a finished training of 5 epochs", "--resume", "--restart"})
        EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(read_text(world.checkpoint("best_model.safetensors")), model);
    EXPECT_EQ(read_text(world.checkpoint("last_state.pt")), state);
    world.options.keep_finished = true;
    const TrainReport kept = world.train();
    EXPECT_TRUE(kept.was_finished);
    EXPECT_EQ(kept.epochs.size(), 5U);
    world.options.train.margin = 0.5;
    EXPECT_NE(message_of<UsageError>([&] { world.train(); }).find("train.margin is 0.5"), std::string::npos);
}

TEST(FinishedRun, ItsModelIsCurrentUntilTheNextOneIsDoneAndKeptThen) {
    PaintedWorld world;
    world.train();
    const std::string model = read_text(world.checkpoint("best_model.safetensors"));
    world.options.restart = true;
    world.options.data.seed = 7;
    world.options.train.stage1.learning_rate = 0.01;
    world.options.after_step = [&](int, std::int64_t) {
        ASSERT_EQ(read_text(world.checkpoint("best_model.safetensors")), model);
    };
    world.train();
    EXPECT_NE(read_text(world.checkpoint("best_model.safetensors")), model);
    EXPECT_EQ(read_text(world.checkpoint("previous_best_model.safetensors")), model);
    EXPECT_FALSE(std::filesystem::exists(world.checkpoint("unfinished_best_model.safetensors")));
    EXPECT_EQ(read_metrics(world.options.output_dir / "previous_metrics.jsonl").size(), 5U);
}

TEST(FinishedRun, ARunThatIsStoppedLeavesItsModelAndTheFirstRunItsBestSoFar) {
    StoppedWorld world(75);
    EXPECT_THROW(world.train(), Interrupted);
    EXPECT_TRUE(std::filesystem::exists(world.checkpoint("best_model.safetensors"))) << "there was none";
    world.source = std::stop_source();
    world.options.stop = world.source.get_token();
    EXPECT_NE(message_of<UsageError>([&] { world.train(); }).find("an unfinished training"),
              std::string::npos);
    world.options.resume = true;
    world.train();
    const std::string model = read_text(world.checkpoint("best_model.safetensors"));
    world.options.resume = false;
    world.options.restart = true;
    world.options.after_step = [&](int epoch, std::int64_t) {
        if (epoch == 3) world.source.request_stop();
    };
    EXPECT_THROW(world.train(), Interrupted);
    EXPECT_EQ(read_text(world.checkpoint("best_model.safetensors")), model);
}

TEST(FinishedRun, OneThatIsWorseThanTheOneBeforeSaysSo) {
    PaintedWorld world;
    const TrainReport first = world.train();
    world.options.restart = true;
    world.options.train.stage1 = {1, 1.0};  // at such a rate the head forgets all
    world.options.train.stage2.epochs = 0;
    ::testing::internal::CaptureStderr();
    const TrainReport second = world.train();
    const std::string log = ::testing::internal::GetCapturedStderr();
    ASSERT_LT(second.best.mean_average_precision_at_r, first.best.mean_average_precision_at_r);
    EXPECT_NE(log.find("was better on the held-out photos"), std::string::npos) << log;
}

TEST(TrainLock, TwoTrainingsInOneFolderAreRefused) {
    PaintedWorld world;
    std::string second;
    world.options.after_step = [&](int epoch, std::int64_t step) {
        if (epoch != 1 || step != 1) return;
        PaintedWorld other;
        other.options.output_dir = world.options.output_dir;
        second = message_of<Error>([&] { other.train(); });
    };
    world.train();
    EXPECT_NE(second.find("another clipsim trains in"), std::string::npos) << second;
}

}  // namespace
}  // namespace clipsim::testing
