// Vectors of images and sentences, for other tools.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/model/embedder.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct EmbeddedInputs {
    std::vector<std::string>
        inputs;                  // [N] the images that could be read, then the sentences, in the order given
    std::vector<float> vectors;  // [N, dimension], unit rows
    int dimension = 0;
    std::string model_id;
    std::string model_hash;
    std::vector<SkippedImage> skipped;
};

struct EmbedRequest {
    std::vector<std::filesystem::path> images;  // folders: all images in them
    std::vector<std::string> sentences;
    // Absent: the text space where there are sentences, else the image space.
    std::optional<Space> space = std::nullopt;
};

// Throws UsageError for sentences in the image space and for empty ones.
EmbeddedInputs embed_inputs(const Config& config, const EmbedRequest& request, const RunOptions& run = {});

// Where write_embeddings puts the names of the vectors in `file`.
std::filesystem::path names_file(std::filesystem::path file);

// vectors to `file` (.npy, float32, C order) and the names beside it (.json). Atomic, the names first.
void write_embeddings(const std::filesystem::path& file, const EmbeddedInputs& embedded);

}  // namespace clipsim
