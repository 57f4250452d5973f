// Fine-tuning on the photos under data.root.
#pragma once

#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/train/trainer.h"

namespace clipsim {

// Catalogue, split, two-stage training, curves.png. Throws as train() and scan_catalogue() do.
TrainReport train_model(const Config& config, const RunOptions& run = {}, bool resume = false);

}  // namespace clipsim
