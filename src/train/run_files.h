// The files of a run under output_dir. The best model of a run that is under way lies aside, so that what
// searches and indexes with best_model meets one model from the end of a training to the end of the next.
#pragma once

#include <filesystem>

namespace clipsim {

struct RunFiles {
    std::filesystem::path checkpoints, best_model, previous_best_model, unfinished_best_model, last_model,
        last_state, metrics, previous_metrics, lock;
    explicit RunFiles(const std::filesystem::path& output_dir);
};

// The run is done: its best model becomes best_model, and that previous_best_model. Killed in between, it can
// be called again.
void publish_best_model(const RunFiles& files);
// The run ended early: where there is no best_model, its best so far is better than none.
void publish_first_model(const RunFiles& files);

}  // namespace clipsim
