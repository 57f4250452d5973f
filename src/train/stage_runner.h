// The training loop, the same for both stages: steps, the validation after each epoch, checkpoints, resuming.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>

#include "clipsim/data/class_balanced_sampler.h"
#include "clipsim/model/clip_model.h"
#include "clipsim/train/losses.h"
#include "cross_batch_memory.h"
#include "features/feature_cache.h"
#include "optimization/loss_scaler.h"
#include "optimization/regularization.h"
#include "optimization/weight_average.h"
#include "run_files.h"
#include "stage.h"
#include "train_state.h"

namespace clipsim {

// Whether `a` is the better space: by what is monitored; a tie goes to MAP@R, which sees the whole ranking,
// then to triplet accuracy.
bool is_better(const RetrievalMetrics& a, const RetrievalMetrics& b, Monitor monitor);

struct StagePlan {
    int number = 1;
    int epochs = 0;
    int first_block = 0;  // for the checkpoint's metadata
    double learning_rate = 0;
    bool is_last = true;  // the run is complete with this stage
};

// Runs the stages of one training run, one after the other, from where `state` stands.
class StageRunner {
  public:
    // All of it must outlive the runner, which keeps `state` up to date and on disk after every epoch.
    StageRunner(const TrainOptions& options, const RunFiles& files, const ClipModel& model,
                ProjectionHead head, std::span<const int> train_labels,
                std::span<const int> validation_labels, Regularizer& regularizer, TrainState& state);

    // `resumed`: the state comes from last_state.pt, with the optimizer of this stage in it.
    // Throws Interrupted after a stop request, with the state saved.
    void run(Stage& stage, const StagePlan& plan, bool resumed);

  private:
    // What lives as long as one stage.
    struct Running {
        Stage& stage;
        const StagePlan& plan;
        std::unique_ptr<MetricLoss> loss;
        std::unique_ptr<Optimizer> optimizer;
        std::unique_ptr<WeightAverage> average;
        LossScaler scaler;
        CrossBatchMemory memory;
    };
    Running begin(Stage& stage, const StagePlan& plan, bool resumed);
    void run_epoch(Running& running);
    std::vector<std::vector<std::size_t>> own_parts(const std::vector<std::vector<std::size_t>>& batches,
                                                    std::size_t first) const;
    void take_step_or_save(Running& running, std::span<const TrainBatch> batches);
    void take_step(Running& running, std::span<const TrainBatch> batches);
    void finish_epoch(Running& running);
    void validate_and_save_models(Running& running, EpochRecord& record);
    void save_state(Running& running);
    void stop_if_asked();
    [[noreturn]] void throw_interrupted() const;
    // `what` is no finite number.
    [[noreturn]] void refuse(const char* what, const StagePlan& plan) const;
    ProcessGroup& processes() const { return *options_.processes; }
    bool is_stalled(int stage) const;
    const EpochRecord* best_of(std::optional<int> stage) const;
    int epoch_number() const { return static_cast<int>(state_.epochs.size()) + 1; }

    const TrainOptions& options_;
    const RunFiles& files_;
    const ClipModel& model_;
    ProjectionHead head_;
    std::span<const int> train_labels_, validation_labels_;
    Regularizer& regularizer_;
    TrainState& state_;
    ClassBalancedSampler sampler_;
    std::int64_t steps_per_epoch_;  // a step is train.accumulate_batches batches
    torch::Generator generator_;
};

}  // namespace clipsim
