// How well the held-out photos find their own class, before and after fine-tuning.
#pragma once

#include <optional>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/data/loader.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/train/metrics.h"
#include "clipsim/train/sentence_metrics.h"

namespace clipsim {

struct EvalReport {
    RetrievalMetrics before;                // CLIP's own space
    std::optional<RetrievalMetrics> after;  // the fine-tuned space; absent where nothing was trained
    // How class names, as "a photo of a NAME", find the photos and are found by them; absent for a model
    // without a text tower. Training does not touch it: sentences are answered in CLIP's frozen space, before
    // and after.
    std::optional<SentenceMetrics> sentences;
    std::vector<SkippedImage> skipped;
};

EvalReport evaluate(const Config& config, const RunOptions& run = {});

}  // namespace clipsim
