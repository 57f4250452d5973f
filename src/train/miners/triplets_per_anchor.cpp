#include <map>

#include "mining_batch.h"

namespace clipsim {

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

}  // namespace clipsim
