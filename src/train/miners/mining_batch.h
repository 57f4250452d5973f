// What the miners of triplets loop over: a batch's distances and labels, on the CPU.
#pragma once

#include <span>
#include <vector>

#include "clipsim/train/miners.h"

namespace clipsim {

class MiningBatch {
  public:
    // distances: [B, R] of the comparison's anchors and references, on any device.
    MiningBatch(const torch::Tensor& distances, const Comparison& comparison);

    std::int32_t size() const { return static_cast<std::int32_t>(labels_.size()); }
    // [R], of an anchor to the references.
    std::span<const float> distances(std::int32_t anchor) const {
        return distances_.subspan(static_cast<std::size_t>(anchor) * reference_labels_.size(),
                                  reference_labels_.size());
    }
    // The references with the anchor's label that are not the anchor; those with another label.
    struct Choice {
        std::vector<std::int32_t> positives, negatives;
    };
    Choice choice_of(std::int32_t anchor) const;

  private:
    torch::Tensor distances_tensor_, labels_tensor_, reference_labels_tensor_;  // own what the spans show
    std::span<const float> distances_;
    std::span<const std::int64_t> labels_, reference_labels_;
};

// Every triplet whose distances anchor - positive and anchor - negative `accepts` takes.
template <typename Accepts>
Triplets triplets_where(const MiningBatch& batch, Accepts accepts) {
    Triplets triplets;
    for (std::int32_t anchor = 0; anchor < batch.size(); ++anchor) {
        const std::span<const float> distances = batch.distances(anchor);
        const auto [positives, negatives] = batch.choice_of(anchor);
        for (const std::int32_t positive : positives) {
            for (const std::int32_t negative : negatives) {
                if (accepts(distances[positive], distances[negative]))
                    triplets.push_back({anchor, positive, negative});
            }
        }
    }
    return triplets;
}

// For each pair (anchor, positive) one negative, drawn by the anchor's row of `weights` [B, R]; there is none
// where all of them are 0.
Triplets draw_negatives(const MiningBatch& batch, const torch::Tensor& weights, torch::Generator& generator);

Triplets semi_hard_triplets(double margin, const MiningBatch& batch);
Triplets batch_hard_triplets(const MiningBatch& batch);
Triplets limit_per_anchor(const Triplets& triplets, int limit, torch::Generator& generator);

}  // namespace clipsim
