// Where things lie in output_dir. docs/formats.md describes each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/data/catalogue.h"
#include "clipsim/index/index_place.h"
#include "clipsim/pipeline/config.h"

namespace clipsim {

struct OutputLayout {
    explicit OutputLayout(const Config& config) : root(config.output_dir) {}

    std::filesystem::path root;
    std::filesystem::path config() const { return root / "config.json"; }
    std::filesystem::path best_model() const { return root / "checkpoints" / "best_model.safetensors"; }
    // The one before it, kept until the next training is done.
    std::filesystem::path previous_best_model() const {
        return root / "checkpoints" / "previous_best_model.safetensors";
    }
    std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
    std::filesystem::path curves() const { return root / "curves.png"; }
    std::filesystem::path index() const { return root / "index"; }
    std::filesystem::path results() const { return root / "results"; }

    // What a walk of photos leaves out: output_dir, and what lies in it where it is itself the folder of
    // photos.
    std::vector<std::filesystem::path> all() const;

    // The fine-tuned model, where training has left one.
    std::optional<std::filesystem::path> checkpoint() const;
};

// Where the index of this config is kept.
IndexPlace index_place(const Config& config);

// How the commands walk folders of photos.
ScanOptions scan_options(const Config& config);

// Creates output_dir and writes config.json, the resolved config. Throws Error where that can't be written,
// UsageError where a config.json is there that clipsim did not write.
void prepare_output(const Config& config);

}  // namespace clipsim
