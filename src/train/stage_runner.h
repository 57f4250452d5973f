// The training loop, the same for both stages: steps, the validation after each epoch, checkpoints, resuming.
#pragma once

#include <filesystem>
#include <span>

#include "clipsim/data/class_balanced_sampler.h"
#include "clipsim/model/clip_model.h"
#include "feature_cache.h"
#include "keep.h"
#include "stage.h"
#include "train_state.h"

namespace clipsim {

// Whether `a` is the better space: by MAP@R, which sees the whole ranking; a tie goes to triplet accuracy.
bool is_better(const RetrievalMetrics& a, const RetrievalMetrics& b);

// The files of a run under output_dir.
struct RunFiles {
    std::filesystem::path checkpoints, best_model, last_model, last_state, metrics;
    explicit RunFiles(const std::filesystem::path& output_dir);
};

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
                std::span<const int> validation_labels, Keeper& keeper, TrainState& state);

    // `resumed`: the state comes from last_state.pt, with the optimizer of this stage in it.
    // Throws Interrupted after a stop request, with the state saved.
    void run(Stage& stage, const StagePlan& plan, bool resumed);

  private:
    void run_epoch(Stage& stage, const StagePlan& plan, Optimizer& optimizer);
    void take_step(Stage& stage, const StagePlan& plan, Optimizer& optimizer, const TrainBatch& batch);
    void finish_epoch(Stage& stage, const StagePlan& plan, Optimizer& optimizer);
    void save_state(Optimizer& optimizer);
    void stop_if_asked() const;
    bool is_stalled(int stage) const;
    int epoch_number() const { return static_cast<int>(state_.epochs.size()) + 1; }

    const TrainOptions& options_;
    const RunFiles& files_;
    const ClipModel& model_;
    ProjectionHead head_;
    std::span<const int> train_labels_, validation_labels_;
    Keeper& keeper_;
    TrainState& state_;
    ClassBalancedSampler sampler_;
    std::int64_t steps_per_epoch_;
    torch::Generator generator_;
};

}  // namespace clipsim
