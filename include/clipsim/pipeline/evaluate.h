// How well the held-out photos find their own class, before and after fine-tuning.
#pragma once

#include <optional>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/data/loader.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/train/metrics.h"

namespace clipsim {

struct EvalReport {
    RetrievalMetrics before;                // CLIP's own space
    std::optional<RetrievalMetrics> after;  // the fine-tuned space; absent where nothing was trained
    std::vector<SkippedImage> skipped;
};

EvalReport evaluate(const Config& config, const RunOptions& run = {});

}  // namespace clipsim
