// Two-stage fine-tuning: the head on cached features of the frozen tower, then the last blocks together with
// the head.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/core/parallel.h"
#include "clipsim/core/progress.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/data_config.h"
#include "clipsim/data/loader.h"
#include "clipsim/data/split.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/model/model_config.h"
#include "clipsim/train/metrics.h"
#include "clipsim/train/train_config.h"

namespace clipsim {

struct TrainOptions {
    ModelConfig model;
    TrainConfig train;
    DataConfig data;
    std::filesystem::path output_dir;
    std::string device = "auto";
    bool resume = false;         // goes on with the run in output_dir, to more epochs too
    bool restart = false;        // trains anew where there is one
    bool keep_finished = false;  // one of the same settings that is finished is reported instead
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop;
    ThreadPool pool;  // which ranks the held-out photos
    // Called by the first process once nothing speaks against the training, before anything is written.
    std::function<void()> on_start;
    // Called after each step on the thread that trains, before `stop` is looked at: the epoch from 1 on over
    // both stages, and how many batches of it are done.
    std::function<void(int epoch, std::int64_t step)> after_step;
    // Those that train together, each on its part of every batch; null: this one alone. All have the same
    // options and see the same files.
    std::shared_ptr<ProcessGroup> processes;
    // What they have to agree on beside the model, the photos and the run that is resumed, all of which
    // train() compares before any work.
    std::vector<std::pair<std::string, std::string>> agreement;
};

// One line of metrics.jsonl.
struct EpochRecord {
    int epoch = 0;  // from 1, over both stages
    int stage = 1;
    double loss = 0;
    double active_share = 0;  // of the mined triplets
    double positive_distance = 0;
    double negative_distance = 0;
    RetrievalMetrics validation;
    double learning_rate = 0;
    double seconds = 0;
    bool best = false;
};

struct TrainReport {
    RetrievalMetrics before;  // CLIP's own space on the validation images
    RetrievalMetrics best;
    int best_epoch = 0;
    std::vector<EpochRecord> epochs;  // of the whole run, those before a resume included
    std::vector<SkippedImage> skipped;
    bool was_finished = false;  // before this call, which trained nothing
};

// Writes checkpoints/ and metrics.jsonl under output_dir; of several processes the first alone does. The
// run's best model becomes best_model when the run is done, and the one before it previous_best_model; where
// there was none, also when the run ends early. Throws Interrupted after a stop request and LostProcessError
// when another process is lost, with a resumable state left behind; UsageError for a run that is there
// already, for a state of another run on resume; Error for a loss or gradient that is not finite, and where
// another process trains there; OutOfMemoryError that names the keys to lower.
TrainReport train(const TrainOptions& options, const Catalogue& catalogue, const Split& split,
                  const OpenFunction& open);

// Reads metrics.jsonl. Throws UsageError for a line that clipsim did not write.
std::vector<EpochRecord> read_metrics(const std::filesystem::path& file);

}  // namespace clipsim
