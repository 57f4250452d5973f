// checkpoints/last_state.pt: all that --resume needs to continue as if nothing had happened.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "clipsim/train/trainer.h"
#include "optimization/loss_scaler.h"

namespace clipsim {

// Where a run stands. Within an epoch `step` counts the batches done and the sums hold their figures.
struct TrainCursor {
    int stage = 1;
    int epoch_in_stage = 0;  // from 0
    std::int64_t step = 0;
    std::int64_t mined_steps = 0;  // those that had a triplet
    double loss = 0, active_share = 0, positive_distance = 0, negative_distance = 0;  // sums over mined_steps
    double seconds = 0;
    bool complete = false;
};

struct TrainState {
    std::string fingerprint;  // of config, data and model: a state of another run is refused
    std::string readable;     // a hash of the images that could be read
    TrainCursor cursor;
    RetrievalMetrics before;
    std::vector<EpochRecord> epochs;
    torch::Tensor generator;                          // the miner's
    std::map<std::string, torch::Tensor> parameters;  // trained tensors, by name
    torch::Tensor best_head;                          // of stage 1 so far; stage 2 begins with it
    std::map<std::string, torch::Tensor> averages;    // of the parameters, where there is an average
    std::int64_t averaged_steps = 0;
    LossScaler::State loss_scale;
    torch::Tensor memory_embeddings, memory_labels;  // the cross-batch memory; undefined: empty
};

// Atomic. `adam` is stored with its moments.
void save_train_state(const std::filesystem::path& file, const TrainState& state, torch::optim::AdamW& adam);
// The state without the optimizer. Throws UsageError for a missing file or one that clipsim did not write.
TrainState load_train_state(const std::filesystem::path& file);
// The moments, into an optimizer over the same parameters.
void load_optimizer(const std::filesystem::path& file, torch::optim::AdamW& adam);

}  // namespace clipsim
