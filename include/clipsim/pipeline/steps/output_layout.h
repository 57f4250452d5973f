// Where things lie in output_dir. docs/formats.md describes each.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "clipsim/pipeline/config.h"

namespace clipsim {

struct OutputLayout {
    explicit OutputLayout(const Config& config) : root(config.output_dir) {}

    std::filesystem::path root;
    std::filesystem::path config() const { return root / "config.json"; }
    std::filesystem::path best_model() const { return root / "checkpoints" / "best_model.safetensors"; }
    std::filesystem::path metrics() const { return root / "metrics.jsonl"; }
    std::filesystem::path curves() const { return root / "curves.png"; }
    std::filesystem::path index() const { return root / "index"; }
    std::filesystem::path results() const { return root / "results"; }

    // The fine-tuned model, where training has left one.
    std::optional<std::filesystem::path> checkpoint() const;
};

// Creates output_dir and writes config.json, the resolved config. Throws Error where that can't be written.
void prepare_output(const Config& config);

}  // namespace clipsim
