// checkpoints/last_state.pt: all that --resume needs to go on as if nothing had happened.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "clipsim/train/trainer.h"

namespace clipsim {

// Where a run stands. Within an epoch `step` counts the batches done and the sums hold their figures.
struct TrainCursor {
    int stage = 1;
    int epoch_in_stage = 0;  // from 0
    std::int64_t step = 0;
    double loss = 0, active_share = 0, positive_distance = 0, negative_distance = 0;  // sums over the steps
    double seconds = 0;
    int best_epoch = 0;
    int epochs_without_gain = 0;  // in this stage
    bool complete = false;
};

struct TrainState {
    std::string fingerprint;  // of config, data and model: a state of another run is refused
    TrainCursor cursor;
    RetrievalMetrics before;
    std::vector<EpochRecord> epochs;
    torch::Tensor generator;                          // the miner's
    std::map<std::string, torch::Tensor> parameters;  // trained tensors, by name
};

// Atomic. `adam` is stored with its moments.
void save_train_state(const std::filesystem::path& file, const TrainState& state, torch::optim::AdamW& adam);
// The state without the optimizer. Throws UsageError for a missing file or one that is none of ours.
TrainState load_train_state(const std::filesystem::path& file);
// The moments, into an optimizer over the same parameters.
void load_optimizer(const std::filesystem::path& file, torch::optim::AdamW& adam);

}  // namespace clipsim
