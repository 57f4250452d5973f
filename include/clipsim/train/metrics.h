// How well a space separates classes: leave-one-out retrieval over a labelled set. No torch here.
#pragma once

#include <cstddef>
#include <span>
#include <stop_token>
#include <vector>

#include "clipsim/core/parallel.h"

namespace clipsim {

struct RetrievalMetrics {
    double triplet_accuracy = 0;  // share of all triplets with d(a, p) < d(a, n), anchors weighted equally
    double recall_at_1 = 0;       // the nearest other image has the query's class; also called precision at 1
    double recall_at_5 = 0;       // one of the nearest five has
    double recall_at_10 = 0;      // one of the nearest ten has
    double r_precision = 0;       // share of the class among the nearest R, R = other images of the class
    double mean_average_precision_at_r = 0;  // Musgrave et al. 2020, https://arxiv.org/abs/2003.08505
    std::size_t queries = 0;                 // images with at least one other of their class
};

// What one query found. The metrics are means over these; confidence intervals and confusions come from them
// too.
struct RankedQuery {
    std::size_t query = 0;           // a row of the vectors
    std::size_t nearest = 0;         // the row nearest to it
    std::size_t nearest_of_its = 0;  // the row of its own class nearest to it
    std::size_t first_hit = 0;       // the rank of that one, from 1
    double triplet_accuracy = 0;
    double r_precision = 0;
    double average_precision_at_r = 0;
    bool operator==(const RankedQuery& other) const = default;
};

// vectors: [N, dimension], unit rows; labels: [N]. One result per image with another of its class, in the
// order of the rows. Ties are broken by index. The pool's threads share out the queries; the results do not
// depend on how many they are. Throws Interrupted after a stop request.
std::vector<RankedQuery> retrieve(std::span<const float> vectors, std::size_t dimension,
                                  std::span<const int> labels, const ThreadPool& pool = ThreadPool(1),
                                  const std::stop_token& stop = {});

// The share of queries with a hit among the nearest k.
double recall_at(std::span<const RankedQuery> results, std::size_t k);

RetrievalMetrics summarise(std::span<const RankedQuery> results);

// The two in one.
RetrievalMetrics retrieval_metrics(std::span<const float> vectors, std::size_t dimension,
                                   std::span<const int> labels, const ThreadPool& pool = ThreadPool(1),
                                   const std::stop_token& stop = {});

}  // namespace clipsim
