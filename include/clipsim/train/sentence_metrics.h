// How well class names find photos, and photos their class name: both in CLIP's joint space. No torch here.
#pragma once

#include <span>

namespace clipsim {

struct SentenceMetrics {
    double zero_shot_accuracy = 0;  // share of images whose own class's sentence is the nearest of all
    double recall_at_1 = 0;         // share of classes whose sentence has an image of the class nearest to it
    double recall_at_5 = 0;         // share of those with one among the nearest five
    std::size_t images = 0;
    std::size_t classes = 0;  // with an image
};

// images: [N, dimension] and sentences: [C, dimension], unit rows; labels: [N], the row of each image's
// sentence. Ties are broken by index.
SentenceMetrics sentence_metrics(std::span<const float> images, std::span<const float> sentences,
                                 std::size_t dimension, std::span<const int> labels);

}  // namespace clipsim
