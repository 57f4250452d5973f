#include <algorithm>

#include "mining_batch.h"

namespace clipsim {

Triplets batch_hard_triplets(const MiningBatch& batch) {
    Triplets triplets;
    for (std::int32_t anchor = 0; anchor < batch.size(); ++anchor) {
        const auto [positives, negatives] = batch.choice_of(anchor);
        if (positives.empty() || negatives.empty()) continue;
        const std::span<const float> distances = batch.distances(anchor);
        const auto distance = [&](std::int32_t reference) { return distances[reference]; };
        triplets.push_back({anchor, *std::ranges::max_element(positives, {}, distance),
                            *std::ranges::min_element(negatives, {}, distance)});
    }
    return triplets;
}

}  // namespace clipsim
