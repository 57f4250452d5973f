#include "clipsim/train/sentence_metrics.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace clipsim {

namespace {

constexpr std::size_t recall_depth = 5;

// The first of the nearest `depth` images that has the class, counted from 0; `depth` where none has.
std::size_t first_hit(std::span<const float> similarity, std::span<const int> labels, int wanted,
                      std::size_t depth) {
    std::vector<std::size_t> order(labels.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::partial_sort(
        order, order.begin() + static_cast<std::ptrdiff_t>(depth), [&](std::size_t a, std::size_t b) {
            return similarity[a] != similarity[b] ? similarity[a] > similarity[b] : a < b;
        });
    std::size_t rank = 0;
    while (rank < depth && labels[order[rank]] != wanted) ++rank;
    return rank;
}

}  // namespace

SentenceMetrics sentence_metrics(std::span<const float> images, std::span<const float> sentences,
                                 std::size_t dimension, std::span<const int> labels) {
    SentenceMetrics metrics;
    const std::size_t count = labels.size();
    const std::size_t classes = sentences.size() / dimension;
    metrics.images = count;
    if (count == 0) return metrics;

    std::vector<float> similarity(count);
    std::vector<float> best(count, -2.0F);
    std::vector<int> nearest(count, -1);
    for (std::size_t c = 0; c < classes; ++c) {
        const auto sentence = sentences.subspan(c * dimension, dimension);
        for (std::size_t i = 0; i < count; ++i) {
            const auto image = images.subspan(i * dimension, dimension);
            similarity[i] = std::inner_product(image.begin(), image.end(), sentence.begin(), 0.0F);
            if (similarity[i] > best[i]) {
                best[i] = similarity[i];
                nearest[i] = static_cast<int>(c);
            }
        }
        if (std::ranges::find(labels, static_cast<int>(c)) == labels.end()) continue;
        const std::size_t rank =
            first_hit(similarity, labels, static_cast<int>(c), std::min(recall_depth, count));
        ++metrics.classes;
        metrics.recall_at_1 += rank == 0 ? 1 : 0;
        metrics.recall_at_5 += rank < std::min(recall_depth, count) ? 1 : 0;
    }
    for (std::size_t i = 0; i < count; ++i) metrics.zero_shot_accuracy += nearest[i] == labels[i] ? 1 : 0;
    metrics.zero_shot_accuracy /= static_cast<double>(count);
    if (metrics.classes > 0) {
        metrics.recall_at_1 /= static_cast<double>(metrics.classes);
        metrics.recall_at_5 /= static_cast<double>(metrics.classes);
    }
    return metrics;
}

}  // namespace clipsim
