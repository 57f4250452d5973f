// Pictures of an evaluation, in output_dir/results/eval.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "clipsim/data/catalogue.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/train/confusions.h"
#include "clipsim/train/metrics.h"

namespace clipsim {

// Photos in one space (CLIP's own) or two (the fine-tuned one too).
struct EmbeddedPhotos {
    struct Matrix {
        std::vector<float> vectors;  // [N, dimension], unit rows
        std::size_t dimension = 0;
        std::vector<RankedQuery> found;  // by each among the others
        std::span<const float> row(std::size_t i) const {
            return std::span(vectors).subspan(i * dimension, dimension);
        }
    };
    std::vector<std::size_t> images;  // [N] indices into Catalogue::images
    std::vector<int> labels;          // [N]
    std::vector<Matrix> spaces;
};

// recall.png: Recall@K against K. confusions.jpg: of the worst pairs of classes a query, the wrong photo it
// found and the right one that it should have found. map.png: the photos along the two main axes of each
// space, coloured by class, before and after side by side. Returns what it wrote. Throws Error.
std::vector<std::filesystem::path> draw_eval_pictures(const Config& config, const Catalogue& catalogue,
                                                      const EmbeddedPhotos& photos,
                                                      std::span<const Confusion> confusions);

}  // namespace clipsim
