#include "clipsim/train/metrics.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <vector>

#include "clipsim/core/interrupt.h"

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

// What the images nearest to a query say, `order` being their rows, nearest first as far as it is sorted.
void rank_hits(std::span<const int> labels, std::span<const std::size_t> order, std::size_t r,
               RankedQuery& result) {
    double hits = 0, precision = 0;
    for (std::size_t rank = 0; rank < r; ++rank) {
        if (labels[order[rank]] != labels[result.query]) continue;
        ++hits;
        precision += hits / static_cast<double>(rank + 1);
    }
    result.r_precision = hits / static_cast<double>(r);
    result.average_precision_at_r = precision / static_cast<double>(r);
    result.nearest = order.front();
}

// `order` is scratch space. False for an image that is alone in its class.
bool ask(std::span<const float> similarity, std::span<const int> labels, std::vector<std::size_t>& order,
         RankedQuery& result) {
    const std::size_t query = result.query;
    const auto nearer = [&](std::size_t a, std::size_t b) {
        return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
    };
    std::vector<float> positives, negatives;
    order.clear();
    std::size_t best = labels.size();
    for (std::size_t j = 0; j < labels.size(); ++j) {
        if (j == query) continue;
        order.push_back(j);
        const bool positive = labels[j] == labels[query];
        (positive ? positives : negatives).push_back(similarity[j]);
        if (positive && (best == labels.size() || nearer(j, best))) best = j;
    }
    if (positives.empty()) return false;
    result.nearest_of_its = best;
    result.first_hit = 1 + static_cast<std::size_t>(
                               std::ranges::count_if(order, [&](std::size_t j) { return nearer(j, best); }));
    result.triplet_accuracy = triplet_accuracy(positives, negatives);
    const std::size_t r = positives.size();
    std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(r), nearer);
    rank_hits(labels, order, r, result);
    return true;
}

}  // namespace

std::vector<RankedQuery> retrieve(std::span<const float> vectors, std::size_t dimension,
                                  std::span<const int> labels, const ThreadPool& pool,
                                  const std::stop_token& stop) {
    struct Scratch {
        std::vector<float> similarity;
        std::vector<std::size_t> order;
    };
    constexpr std::size_t piece = 4;  // queries that a thread takes at a time
    std::vector<Scratch> scratch(pool.size());
    std::vector<std::optional<RankedQuery>> ranked(labels.size());
    pool.parallel_for(labels.size(), piece, [&](std::size_t begin, std::size_t end, std::size_t worker) {
        auto& [similarity, order] = scratch[worker];
        similarity.resize(labels.size());
        for (std::size_t query = begin; query < end; ++query) {
            throw_if_stopped(stop, "an evaluation leaves nothing to keep");
            similarities(vectors, dimension, query, similarity);
            RankedQuery result{.query = query};
            if (ask(similarity, labels, order, result)) ranked[query] = result;
        }
    });
    std::vector<RankedQuery> results;
    for (const std::optional<RankedQuery>& result : ranked) {
        if (result) results.push_back(*result);
    }
    return results;
}

double recall_at(std::span<const RankedQuery> results, std::size_t k) {
    if (results.empty()) return 0;
    const auto hits =
        std::ranges::count_if(results, [&](const RankedQuery& result) { return result.first_hit <= k; });
    return static_cast<double>(hits) / static_cast<double>(results.size());
}

RetrievalMetrics summarise(std::span<const RankedQuery> results) {
    RetrievalMetrics metrics;
    metrics.queries = results.size();
    if (results.empty()) return metrics;
    const auto mean = [&](double RankedQuery::*figure) {
        double sum = 0;
        for (const RankedQuery& result : results) sum += result.*figure;
        return sum / static_cast<double>(results.size());
    };
    metrics.triplet_accuracy = mean(&RankedQuery::triplet_accuracy);
    metrics.recall_at_1 = recall_at(results, 1);
    metrics.recall_at_5 = recall_at(results, 5);
    metrics.recall_at_10 = recall_at(results, 10);
    metrics.r_precision = mean(&RankedQuery::r_precision);
    metrics.mean_average_precision_at_r = mean(&RankedQuery::average_precision_at_r);
    return metrics;
}

RetrievalMetrics retrieval_metrics(std::span<const float> vectors, std::size_t dimension,
                                   std::span<const int> labels, const ThreadPool& pool,
                                   const std::stop_token& stop) {
    return summarise(retrieve(vectors, dimension, labels, pool, stop));
}

}  // namespace clipsim
