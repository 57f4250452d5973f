#include "clipsim/train/metrics.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

namespace clipsim {

namespace {

// similarity[j] of query `i` to every vector j. Equal vectors get equal similarities: every row is summed in
// one order.
void similarities(std::span<const float> vectors, std::size_t dimension, std::size_t query,
                  std::vector<float>& similarity) {
    constexpr std::size_t lanes =
        16;  // sums side by side, so that the compiler keeps them in vector registers
    const float* a = vectors.data() + query * dimension;
    for (std::size_t j = 0; j < similarity.size(); ++j) {
        const float* b = vectors.data() + j * dimension;
        std::array<float, lanes> sums{};
        std::size_t k = 0;
        for (; k + lanes <= dimension; k += lanes) {
            for (std::size_t lane = 0; lane < lanes; ++lane) sums[lane] += a[k + lane] * b[k + lane];
        }
        for (; k < dimension; ++k) sums[k % lanes] += a[k] * b[k];
        similarity[j] = std::accumulate(sums.begin(), sums.end(), 0.0F);
    }
}

// Share of the pairs (positive, negative) in which the positive is strictly nearer. Sorts the few positives
// alone.
double triplet_accuracy(std::vector<float>& positives, const std::vector<float>& negatives) {
    if (negatives.empty()) return 1.0;
    std::ranges::sort(positives);
    std::size_t correct = 0;
    for (const float negative : negatives) {
        correct += static_cast<std::size_t>(positives.end() - std::ranges::upper_bound(positives, negative));
    }
    return static_cast<double>(correct) /
           (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

// Adds one query's figures to the sums.
void add_query(const std::vector<float>& similarity, std::span<const int> labels, std::size_t query,
               std::vector<std::size_t>& order, RetrievalMetrics& sums) {
    std::vector<float> positives, negatives;
    for (std::size_t j = 0; j < labels.size(); ++j) {
        if (j != query) (labels[j] == labels[query] ? positives : negatives).push_back(similarity[j]);
    }
    const std::size_t r = positives.size();
    if (r == 0) return;
    sums.triplet_accuracy += triplet_accuracy(positives, negatives);

    order.resize(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(query));
    const std::size_t depth = std::min(order.size(), std::max<std::size_t>(r, 5));
    std::ranges::partial_sort(
        order, order.begin() + static_cast<std::ptrdiff_t>(depth), [&](std::size_t a, std::size_t b) {
            return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
        });
    const auto is_hit = [&](std::size_t rank) { return labels[order[rank]] == labels[query]; };
    sums.recall_at_1 += is_hit(0) ? 1 : 0;
    bool among_five = false;
    for (std::size_t rank = 0; rank < std::min<std::size_t>(5, depth); ++rank)
        among_five = among_five || is_hit(rank);
    sums.recall_at_5 += among_five ? 1 : 0;
    double hits = 0, precision = 0;
    for (std::size_t rank = 0; rank < r; ++rank) {
        if (!is_hit(rank)) continue;
        ++hits;
        precision += hits / static_cast<double>(rank + 1);
    }
    sums.r_precision += hits / static_cast<double>(r);
    sums.mean_average_precision_at_r += precision / static_cast<double>(r);
    ++sums.queries;
}

}  // namespace

RetrievalMetrics retrieval_metrics(std::span<const float> vectors, std::size_t dimension,
                                   std::span<const int> labels) {
    RetrievalMetrics metrics;
    std::vector<float> similarity(labels.size());
    std::vector<std::size_t> order;
    for (std::size_t query = 0; query < labels.size(); ++query) {
        similarities(vectors, dimension, query, similarity);
        add_query(similarity, labels, query, order, metrics);
    }
    if (metrics.queries == 0) return metrics;
    const auto count = static_cast<double>(metrics.queries);
    for (double* sum : {&metrics.triplet_accuracy, &metrics.recall_at_1, &metrics.recall_at_5,
                        &metrics.r_precision, &metrics.mean_average_precision_at_r}) {
        *sum /= count;
    }
    return metrics;
}

}  // namespace clipsim
