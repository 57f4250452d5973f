// Vectors of images, for other tools.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/data/loader.h"
#include "clipsim/model/embedder.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct EmbeddedImages {
    std::vector<std::filesystem::path> images;  // [N] those that could be read, in the order given
    std::vector<float> vectors;                 // [N, dimension], unit rows
    int dimension = 0;
    std::string model_id;
    std::string model_hash;
    std::vector<SkippedImage> skipped;
};

// `images` may name folders: all images in them. Without `space`: projected where a model was trained, else
// clip. Throws UsageError when projected is asked for and nothing was trained.
EmbeddedImages embed_images(const Config& config, std::span<const std::filesystem::path> images,
                            std::optional<Space> space = std::nullopt, const RunOptions& run = {});

// vectors to `file` (.npy, float32, C order) and the names beside it (.json). Atomic, the names first.
void write_embeddings(const std::filesystem::path& file, const EmbeddedImages& embedded);

}  // namespace clipsim
