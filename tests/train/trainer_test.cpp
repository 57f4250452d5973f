#include "clipsim/train/trainer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "clipsim/core/error.h"
#include "clipsim/model/clip_model.h"
#include "clipsim/model/safetensors.h"
#include "message_of.h"
#include "stage_runner.h"
#include "train/painted_world.h"

namespace clipsim::testing {
namespace {

// Two checkpoints of the same weights are the same bytes.
std::string weights(const PaintedWorld& world) {
    return read_text(world.checkpoint("last_model.safetensors"));
}

TEST(Trainer, RunsBothStagesAndLeavesModelsAndMetrics) {
    const PaintedWorld world;
    const TrainReport report = world.train();
    ASSERT_EQ(report.epochs.size(), 5U);
    EXPECT_EQ(report.epochs[1].stage, 1);
    EXPECT_EQ(report.epochs[2].stage, 2);
    EXPECT_EQ(read_metrics(world.options.output_dir / "metrics.jsonl").size(), 5U);
    EXPECT_GT(report.best.mean_average_precision_at_r, report.before.mean_average_precision_at_r);
    EXPECT_EQ(report.epochs.back().stage, 2);
    EXPECT_GT(report.best.triplet_accuracy, report.before.triplet_accuracy);
    for (const EpochRecord& epoch : report.epochs) {
        EXPECT_GT(epoch.active_share, 0);
        EXPECT_GT(epoch.negative_distance, 0);
    }
    EXPECT_EQ(read_checkpoint_info(world.checkpoint("last_model.safetensors")).epoch, 5);
    EXPECT_EQ(read_checkpoint_info(world.checkpoint("best_model.safetensors")).epoch, report.best_epoch);
    ClipModel model = load_clip_model(find_model(world.options.model.clip));
    EXPECT_EQ(load_checkpoint(world.checkpoint("best_model.safetensors"), model)->linear->weight.size(0), 8);
}

TEST(Trainer, Dinov2sHeadAndLastBlocksAreTrainedToo) {
    PaintedWorld world;
    world.options.model.clip = std::string(CLIPSIM_FIXTURES) + "/formats/dinov2";
    const TrainReport report = world.train();
    EXPECT_EQ(report.epochs.back().stage, 2);
    ClipModel model = load_clip_model(find_model(world.options.model.clip));
    const SafetensorsFile trained(world.checkpoint("last_model.safetensors"));
    std::size_t compared = 0;
    for (const auto& [name, tensor] : model.tower->tensors_from(1)) {
        // Softmax does not see a key's bias: rounding alone moves it.
        if (name.ends_with("k_proj.bias")) continue;
        EXPECT_GT((trained.tensor(name) - tensor).abs().max().item<double>(), 1e-3) << name;
        ++compared;
    }
    EXPECT_GT(compared, 10U);
    ASSERT_EQ(load_checkpoint(world.checkpoint("last_model.safetensors"), model)->linear->weight.size(1), 32);

    // The head began as principal directions of the features, which are orthonormal.
    const torch::Tensor head = trained.tensor("head.linear.weight");
    EXPECT_GT((head.mm(head.t()) - torch::eye(head.size(0))).abs().max().item<double>(), 1e-3);
}

TEST(Trainer, AnEfficientNetsHeadAndLastBlocksAreTrainedToo) {
    PaintedWorld world;
    world.options.model.clip = CLIPSIM_SOURCE_DIR "/models/clip-lite";
    world.options.train.stage2.unfreeze_blocks = 2;
    world.train();
    ClipModel model = load_clip_model(find_model(world.options.model.clip));
    const SafetensorsFile trained(world.checkpoint("last_model.safetensors"));
    const std::map<std::string, torch::Tensor> before = model.tower->tensors_from(14);
    EXPECT_EQ(before.size(), 2U * 6 + 2 + 2);
    for (const auto& [name, tensor] : before)
        EXPECT_GT((trained.tensor(name) - tensor).abs().max().item<double>(), 0) << name;
}

TEST(Trainer, StageOneReadsEachPhotoOnce) {
    PaintedWorld world;
    world.options.train.stage2.epochs = 0;
    std::map<std::string, int> reads;
    std::mutex mutex;
    world.decode = [&](const std::filesystem::path& file) {
        const std::scoped_lock lock(mutex);
        ++reads[file.string()];
        return paint(file);
    };
    world.train();
    EXPECT_EQ(reads.size(), world.catalogue.images.size());
    for (const auto& [file, count] : reads) EXPECT_EQ(count, 1) << file;
    EXPECT_EQ(SafetensorsFile(world.checkpoint("best_model.safetensors")).names(),
              std::vector<std::string>{"head.linear.weight"});
}

TEST(Trainer, StageTwoWithoutAugmentationReadsNothingAgain) {
    PaintedWorld world;
    world.options.data.augment = false;
    std::atomic<int> reads = 0;
    world.decode = [&](const std::filesystem::path& file) {
        ++reads;
        return paint(file);
    };
    world.train();
    EXPECT_EQ(reads, static_cast<int>(world.catalogue.images.size()));
}

TEST(Trainer, StageTwoReadsEachPhotoOnceForEachViewButTheFirst) {
    PaintedWorld world;
    world.options.train.augment_views = 2;
    world.options.train.stage2.epochs = 4;
    std::atomic<int> reads = 0;
    world.decode = [&](const std::filesystem::path& file) {
        ++reads;
        return paint(file);
    };
    world.train();
    EXPECT_EQ(reads, static_cast<int>(world.catalogue.images.size() + world.split.train.size()));
}

TEST(Trainer, TheSameSeedGivesTheSameModelAndAnotherSeedAnother) {
    const PaintedWorld first, second;
    PaintedWorld other;
    other.options.data.seed = 43;
    first.train();
    second.train();
    other.train();
    EXPECT_EQ(weights(first), weights(second));
    EXPECT_NE(weights(first), weights(other));
}

TEST(Trainer, EachMinerTrains) {
    for (const Mining mining : {Mining::all, Mining::semi_hard, Mining::batch_hard}) {
        PaintedWorld world;
        world.options.train.mining = mining;
        const TrainReport report = world.train();
        EXPECT_GT(report.epochs.back().loss, 0) << static_cast<int>(mining);
    }
}

TEST(Trainer, EachLossTrains) {
    for (const Loss loss : {Loss::multi_similarity, Loss::supcon, Loss::proxy_anchor}) {
        PaintedWorld world;
        world.options.train.loss = loss;
        const TrainReport report = world.train();
        EXPECT_LT(report.epochs.back().loss, report.epochs.front().loss) << static_cast<int>(loss);
        EXPECT_EQ(SafetensorsFile(world.checkpoint("last_model.safetensors")).contains("loss.proxies"),
                  false);
    }
}

// The averaged weights are what is validated and kept.
TEST(Trainer, TheAverageOfTheWeightsIsSaved) {
    PaintedWorld plain, averaged;
    for (PaintedWorld* world : {&plain, &averaged}) {
        world->options.train.stage1 = {1, 0.02};
        world->options.train.stage2.epochs = 0;
    }
    averaged.options.train.ema_decay = 0.999;
    plain.train();
    averaged.train();
    EXPECT_NE(weights(plain), weights(averaged));
}

TEST(Trainer, TheMonitoredFigureChoosesTheBestEpoch) {
    const auto with = [](double map_at_r, double recall) {
        RetrievalMetrics metrics;
        metrics.mean_average_precision_at_r = map_at_r;
        metrics.recall_at_1 = recall;
        return metrics;
    };
    EXPECT_TRUE(is_better(with(0.6, 0.1), with(0.5, 0.9), Monitor::mean_average_precision_at_r));
    EXPECT_FALSE(is_better(with(0.6, 0.1), with(0.5, 0.9), Monitor::recall_at_1));
    EXPECT_TRUE(is_better(with(0.6, 0.9), with(0.5, 0.9), Monitor::recall_at_1)) << "a tie";
}

TEST(Trainer, GradientCheckpointingChangesNothing) {
    const PaintedWorld plain;
    PaintedWorld checkpointed;
    checkpointed.options.train.grad_checkpointing = true;
    plain.train();
    checkpointed.train();
    const SafetensorsFile a(plain.checkpoint("last_model.safetensors")),
        b(checkpointed.checkpoint("last_model.safetensors"));
    for (const std::string& name : a.names()) {
        EXPECT_LT((a.tensor(name) - b.tensor(name)).abs().max().item<double>(), 1e-5) << name;
    }
}

TEST(Trainer, EarlyStoppingEndsAStageThatNoLongerImproves) {
    PaintedWorld world;
    world.options.train.stage1 = {30, 1e-12};  // a rate of nothing: the first epoch is the best
    world.options.train.stage2.epochs = 2;
    world.options.train.early_stopping = 3;
    const TrainReport report = world.train();
    const auto stage1 = std::ranges::count(report.epochs, 1, &EpochRecord::stage);
    EXPECT_EQ(stage1, 4);
    EXPECT_EQ(report.epochs.back().stage, 2);
}

TEST(Trainer, PhotosThatCannotBeReadAreSkippedAndNamed) {
    PaintedWorld world;
    const std::filesystem::path bad = world.catalogue.images.at(world.split.train.at(0)).path;
    world.decode = [&](const std::filesystem::path& file) {
        if (file == bad) throw UsageError(file.string() + ": truncated");
        return paint(file);
    };
    const TrainReport report = world.train();
    ASSERT_EQ(report.skipped.size(), 1U);
    EXPECT_EQ(report.skipped[0].path, bad);
    EXPECT_NE(report.skipped[0].reason.find("truncated"), std::string::npos);
    EXPECT_EQ(report.epochs.size(), 5U);
}

TEST(Trainer, TooFewReadablePhotosIsAnErrorThatSaysSo) {
    PaintedWorld world;
    world.decode = [](const std::filesystem::path& file) {
        if (file.parent_path().filename() != "0") throw UsageError(file.string() + ": truncated");
        return paint(file);
    };
    try {
        world.train();
        FAIL();
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("two classes"), std::string::npos) << error.what();
    }
}

TEST(Trainer, NoEpochsIsAnError) {
    PaintedWorld world;
    world.options.train.stage1.epochs = world.options.train.stage2.epochs = 0;
    EXPECT_THROW(world.train(), UsageError);
}

TEST(Trainer, WithTwoPhotosAClassTheOneRequirementIsNamed) {
    PaintedWorld world(4, 2);
    std::atomic<int> reads = 0;
    world.decode = [&](const std::filesystem::path& file) {
        ++reads;
        return paint(file);
    };
    const std::string message = message_of<UsageError>([&] { world.train(); });
    EXPECT_NE(message.find("three photos each, two to train on and one to hold out"), std::string::npos)
        << message;
    EXPECT_EQ(reads, 0) << "before any work";
}

TEST(Trainer, ALossOrGradientThatIsNotFiniteEndsTheRunAndTheModelsBeforeItStay) {
    PaintedWorld world;
    world.options.train.stage2 = {};
    world.options.train.stage2.epochs = 2;
    world.options.train.stage2.learning_rate = 1e30;
    world.options.train.schedule = Schedule::constant;
    world.options.train.clip_norm = 0;
    const std::string message = message_of<Error>([&] { world.train(); });
    EXPECT_NE(message.find("became infinite or NaN in epoch 3"), std::string::npos) << message;
    EXPECT_NE(message.find("train.stage2.learning_rate"), std::string::npos) << message;
    for (const char* name : {"best_model.safetensors", "last_model.safetensors"}) {
        const SafetensorsFile kept(world.checkpoint(name));
        for (const std::string& tensor : kept.names())
            EXPECT_TRUE(kept.tensor(tensor).isfinite().all().item<bool>()) << name << ' ' << tensor;
        EXPECT_EQ(read_checkpoint_info(world.checkpoint(name)).epoch <= 2, true) << name;
    }
}

TEST(Trainer, APhotoThatAModelMakesNoNumbersOfIsNamed) {
    PaintedWorld world;
    std::filesystem::copy(world.options.model.clip, world.folder / "model");
    std::map<std::string, torch::Tensor> tensors;
    {
        const SafetensorsFile file(world.folder / "model/model.safetensors");
        for (const std::string& name : file.names()) tensors[name] = file.tensor(name).clone();
    }
    tensors["visual_projection.weight"].fill_(3e38);  // finite, but no more so once multiplied
    write_safetensors(world.folder / "model/model.safetensors", tensors, {});
    world.options.model.clip = (world.folder / "model").string();
    const std::string message = message_of<Error>([&] { world.train(); });
    EXPECT_NE(message.find(".png: the model computes infinity or NaN of it"), std::string::npos) << message;
}

}  // namespace
}  // namespace clipsim::testing
