#include "supcon.h"

#include "pair_statistics.h"

namespace clipsim {

LossValue SupConLoss::compute(const Comparison& comparison) {
    const torch::Tensor positives = positive_mask(comparison), negatives = negative_mask(comparison);
    LossValue value;
    value.is_empty = !positives.any().item<bool>() || !negatives.any().item<bool>();
    if (value.is_empty) {
        value.loss = comparison.anchors.sum() * 0;
        return value;
    }
    const torch::Tensor logits = comparison.anchors.mm(comparison.references.t()) / config_.temperature;
    const torch::Tensor log_shares =
        logits - masked_logsumexp(logits, positives | negatives, 1, false).unsqueeze(1);
    const torch::Tensor losses =
        -log_shares.masked_fill(~positives, 0).sum(1) / positives.sum(1).clamp_min(1);
    value.loss = mean_of_positive(losses);
    add_pair_statistics(value, comparison, positives, negatives);
    value.active_share = (losses.detach() > 0).to(torch::kFloat64).mean().item<double>();
    return value;
}

}  // namespace clipsim
