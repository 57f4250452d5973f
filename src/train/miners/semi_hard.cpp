#include "mining_batch.h"

namespace clipsim {

Triplets semi_hard_triplets(double margin, const MiningBatch& batch) {
    const auto limit = static_cast<float>(margin);
    return triplets_where(batch, [limit](float to_positive, float to_negative) {
        const float gap = to_negative - to_positive;
        return gap > 0 && gap <= limit;
    });
}

}  // namespace clipsim
