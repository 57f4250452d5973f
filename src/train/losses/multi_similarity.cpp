// Multi-similarity loss (Wang et al. 2019, https://arxiv.org/abs/1904.06627) on cosine similarities, with the
// pairs of its own miner. The mean over the anchors.
#include "one_loss.h"

namespace clipsim {

namespace {

class MultiSimilarityLoss : public MetricLoss {
  public:
    explicit MultiSimilarityLoss(const MultiSimilarityConfig& config) : config_(config) {}

    LossValue compute(const Comparison& comparison) override {
        const torch::Tensor similarities = comparison.anchors.mm(comparison.references.t());
        const PairMasks pairs = multi_similarity_pairs(config_.epsilon, similarities, comparison);
        const torch::Tensor above = similarities - config_.base;
        const torch::Tensor pull =
            masked_logsumexp(-config_.alpha * above, pairs.positives, 1, true) / config_.alpha;
        const torch::Tensor push =
            masked_logsumexp(config_.beta * above, pairs.negatives, 1, true) / config_.beta;
        LossValue value;
        value.loss = (pull + push).mean();
        add_pair_statistics(value, comparison, pairs.positives, pairs.negatives);
        value.is_empty = value.terms == 0;
        const auto possible = (positive_mask(comparison) | negative_mask(comparison)).sum().item<double>();
        value.active_share = value.is_empty ? 0 : static_cast<double>(value.terms) / possible;
        return value;
    }

  private:
    MultiSimilarityConfig config_;
};

}  // namespace

std::unique_ptr<MetricLoss> make_multi_similarity(const MultiSimilarityConfig& config) {
    return std::make_unique<MultiSimilarityLoss>(config);
}

}  // namespace clipsim
