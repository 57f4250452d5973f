#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "clipsim/train/miners.h"

namespace clipsim {

namespace {

// What the miners of triplets loop over: a batch's distances and labels, on the CPU.
class MiningBatch {
  public:
    // distances: [B, R] of the comparison's anchors and references, on any device.
    MiningBatch(const torch::Tensor& distances, const Comparison& comparison)
        : distances_tensor_(distances.detach().to(torch::kCPU, torch::kFloat32).contiguous()),
          labels_tensor_(comparison.labels.to(torch::kCPU).contiguous()),
          reference_labels_tensor_(comparison.reference_labels.to(torch::kCPU).contiguous()),
          distances_(distances_tensor_.data_ptr<float>(),
                     static_cast<std::size_t>(distances_tensor_.numel())),
          labels_(labels_tensor_.data_ptr<std::int64_t>(), static_cast<std::size_t>(labels_tensor_.numel())),
          reference_labels_(reference_labels_tensor_.data_ptr<std::int64_t>(),
                            static_cast<std::size_t>(reference_labels_tensor_.numel())) {}

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
    Choice choice_of(std::int32_t anchor) const {
        Choice choice;
        choice.negatives.reserve(reference_labels_.size());
        for (std::int32_t reference = 0; reference < std::ssize(reference_labels_); ++reference) {
            if (reference_labels_[reference] != labels_[anchor]) {
                choice.negatives.push_back(reference);
            } else if (reference != anchor) {
                choice.positives.push_back(reference);
            }
        }
        return choice;
    }

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

Triplets semi_hard_triplets(double margin, const MiningBatch& batch) {
    const auto limit = static_cast<float>(margin);
    return triplets_where(batch, [limit](float to_positive, float to_negative) {
        const float gap = to_negative - to_positive;
        return gap > 0 && gap <= limit;
    });
}

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

// For each pair (anchor, positive) one negative, drawn by the anchor's row of `weights` [B, R]; there is none
// where all of them are 0.
Triplets draw_negatives(const MiningBatch& batch, const torch::Tensor& weights, torch::Generator& generator) {
    // On the CPU, so that the choice does not depend on the device.
    const torch::Tensor table = weights.to(torch::kCPU);
    const torch::Tensor drawable = (table.sum(1) > 0).contiguous();
    const bool* is_drawable = drawable.data_ptr<bool>();
    Triplets triplets;
    std::vector<std::int64_t> rows;
    for (std::int32_t anchor = 0; anchor < batch.size(); ++anchor) {
        if (!is_drawable[anchor]) continue;
        for (const std::int32_t positive : batch.choice_of(anchor).positives) {
            triplets.push_back({anchor, positive, 0});
            rows.push_back(anchor);
        }
    }
    if (triplets.empty()) return triplets;
    const torch::Tensor of_pairs = table.index_select(0, torch::tensor(rows, torch::kInt64));
    const torch::Tensor drawn = torch::multinomial(of_pairs, 1, false, generator).contiguous();
    const auto* negatives = drawn.data_ptr<std::int64_t>();
    for (std::size_t i = 0; i < triplets.size(); ++i)
        triplets[i].negative = static_cast<std::int32_t>(negatives[i]);
    return triplets;
}

Triplets limit_per_anchor(const Triplets& triplets, int limit, torch::Generator& generator) {
    if (limit == 0 || triplets.empty()) return triplets;
    // In random order the first `limit` of each anchor are a uniform choice among its own.
    const torch::Tensor shuffled = torch::randperm(std::ssize(triplets), generator);
    std::map<std::int32_t, int> of_anchor;
    std::vector<bool> kept(triplets.size());
    for (const std::int64_t i : std::span(shuffled.data_ptr<std::int64_t>(), triplets.size()))
        kept[i] = ++of_anchor[triplets[i].anchor] <= limit;
    Triplets result;
    for (std::size_t i = 0; i < triplets.size(); ++i) {
        if (kept[i]) result.push_back(triplets[i]);
    }
    return result;
}

Triplets mine(const MinerOptions& options, const torch::Tensor& distances, const Comparison& comparison,
              torch::Generator& generator) {
    const MiningBatch batch(distances, comparison);
    switch (options.mining) {
        case Mining::random:
            return draw_negatives(batch, negative_mask(comparison).to(torch::kFloat32), generator);
        case Mining::all:
            return triplets_where(batch, [](float, float) { return true; });
        case Mining::semi_hard:
            return semi_hard_triplets(options.margin, batch);
        case Mining::batch_hard:
            return batch_hard_triplets(batch);
        case Mining::distance_weighted:
            return draw_negatives(batch, negative_weights(options.distance_weighted, distances, comparison),
                                  generator);
    }
    return {};
}

}  // namespace

Triplets mine_triplets(const MinerOptions& options, const torch::Tensor& distances,
                       const Comparison& comparison, torch::Generator& generator) {
    const torch::NoGradGuard no_grad;
    return limit_per_anchor(mine(options, distances.detach(), comparison, generator),
                            options.triplets_per_anchor, generator);
}

}  // namespace clipsim
