#include "mining_batch.h"

namespace clipsim {

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

}  // namespace clipsim
