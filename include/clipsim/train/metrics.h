// How well a space separates classes: leave-one-out retrieval over a labelled set. No torch here.
#pragma once

#include <span>

namespace clipsim {

struct RetrievalMetrics {
    double triplet_accuracy = 0;  // share of all triplets with d(a, p) < d(a, n), anchors weighted equally
    double recall_at_1 = 0;       // the nearest other image has the query's class
    double recall_at_5 = 0;       // one of the nearest five has
    double r_precision = 0;       // share of the class among the nearest R, R = other images of the class
    double mean_average_precision_at_r = 0;  // Musgrave et al. 2020, https://arxiv.org/abs/2003.08505
    std::size_t queries = 0;                 // images with at least one other of their class
};

// vectors: [N, dimension], unit rows; labels: [N]. Ties are broken by index.
RetrievalMetrics retrieval_metrics(std::span<const float> vectors, std::size_t dimension,
                                   std::span<const int> labels);

}  // namespace clipsim
