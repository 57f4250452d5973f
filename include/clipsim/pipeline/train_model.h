// Fine-tuning on the photos under data.root.
#pragma once

#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/train/trainer.h"

namespace clipsim {

// What is done about a run that is in output_dir already: see TrainOptions.
struct TrainRequest {
    bool resume = false;
    bool restart = false;
    bool keep_finished = false;
};

// Catalogue, split, two-stage training, curves.png. Throws as train() and scan_catalogue() do.
TrainReport train_model(const Config& config, const RunOptions& run = {}, const TrainRequest& request = {});

}  // namespace clipsim
