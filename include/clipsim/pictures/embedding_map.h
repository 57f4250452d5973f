// A space of embeddings drawn in two dimensions: its points along the two directions of largest variance
// (PCA).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "clipsim/image/pixels.h"

namespace clipsim {

struct EmbeddingPanel {
    std::string title;
    std::span<const float> vectors;  // [N, dimension]
    std::size_t dimension = 0;
};

// One panel per space, side by side, and a legend; labels: [N], the same for all panels, into `classes`. Each
// class has a colour and a mark of its own. Each panel has its own two axes: what can be compared is how the
// classes lie together or apart.
Pixels draw_embedding_map(std::span<const EmbeddingPanel> panels, std::span<const int> labels,
                          std::span<const std::string> classes);

}  // namespace clipsim
