// How well the held-out photos find their own class, before and after fine-tuning.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/train/bootstrap.h"
#include "clipsim/train/confusions.h"
#include "clipsim/train/metrics.h"
#include "clipsim/train/sentence_metrics.h"

namespace clipsim {

// What one space makes of a group of photos.
struct SpaceReport {
    RetrievalMetrics metrics;
    std::optional<RetrievalIntervals> interval;  // 95%; absent where no samples were asked for
    std::vector<Confusion> confusions;
};

// A group of photos, each of which is searched among the others of the group.
struct GroupReport {
    std::size_t images = 0;
    std::size_t classes = 0;
    SpaceReport before;                        // CLIP's own space
    std::optional<SpaceReport> after;          // the fine-tuned space; absent where nothing was trained
    std::optional<RetrievalIntervals> change;  // 95%, of after less before
};

struct EvalReport {
    std::vector<std::string> classes;  // names, for the numbers in confusions
    SplitBy split = SplitBy::image;
    GroupReport held_out;             // what data.split holds out: photos, or whole classes
    std::optional<GroupReport> seen;  // by_class: held-out photos of the classes trained on
    // How class names, as "a photo of a NAME", find the photos and are found by them; absent for a model
    // without a text tower. Training does not touch it: sentences are answered in CLIP's frozen space, before
    // and after.
    std::optional<SentenceMetrics> sentences;
    std::vector<std::filesystem::path> pictures;  // written
    std::vector<SkippedImage> skipped;
};

struct EvalOptions {
    int bootstrap_samples = 1000;  // 0: no intervals
    bool pictures = true;          // in output_dir/results/eval
};

// Where the pictures can't be written it warns: the figures stand.
EvalReport evaluate(const Config& config, const RunOptions& run = {}, const EvalOptions& options = {});

}  // namespace clipsim
