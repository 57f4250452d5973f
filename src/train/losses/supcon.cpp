// Supervised contrastive loss (Khosla et al. 2020, https://arxiv.org/abs/2004.11362) on cosine similarities.
// The mean over the anchors with a loss above 0.
#include "one_loss.h"

namespace clipsim {

namespace {

class SupConLoss : public MetricLoss {
  public:
    explicit SupConLoss(const SupConConfig& config) : config_(config) {}

    LossValue compute(const Comparison& comparison) override {
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

  private:
    SupConConfig config_;
};

}  // namespace

std::unique_ptr<MetricLoss> make_supcon(const SupConConfig& config) {
    return std::make_unique<SupConLoss>(config);
}

}  // namespace clipsim
