// Proxy anchor loss (Kim et al. 2020, https://arxiv.org/abs/2003.13911): a learned proxy per class, to which
// the class's images are drawn and from which all others are pushed.
#include "one_loss.h"

namespace clipsim {

namespace {

torch::Tensor unit_rows(const torch::Tensor& x) {
    return torch::nn::functional::normalize(x, torch::nn::functional::NormalizeFuncOptions().dim(1));
}

class ProxyAnchorLoss : public MetricLoss {
  public:
    ProxyAnchorLoss(const ProxyAnchorConfig& config, int classes, int dimension)
        : config_(config), proxies_(torch::zeros({classes, dimension}).requires_grad_()) {}

    std::map<std::string, torch::Tensor> parameters() const override { return {{"loss.proxies", proxies_}}; }

    // The proxies become the mean directions of the classes.
    void start_from(const torch::Tensor& embeddings, const torch::Tensor& labels) override {
        const torch::NoGradGuard no_grad;
        const torch::Tensor sums = torch::zeros_like(proxies_, embeddings.options().requires_grad(false));
        sums.index_add_(0, labels.to(embeddings.device()), embeddings);
        proxies_.set_data(unit_rows(sums));
        proxies_.set_requires_grad(true);
    }

    LossValue compute(const Comparison& comparison) override {
        const std::int64_t classes = proxies_.size(0);
        const torch::Tensor cosines = comparison.anchors.mm(unit_rows(proxies_).t());  // [B, C]
        const torch::Tensor own = torch::one_hot(comparison.labels, classes).to(torch::kBool);
        const torch::Tensor pull =
            masked_logsumexp(-config_.alpha * (cosines - config_.margin), own, 0, true);
        const torch::Tensor push =
            masked_logsumexp(config_.alpha * (cosines + config_.margin), ~own, 0, true);
        const torch::Tensor present = own.any(0).sum();
        LossValue value;
        value.is_empty = false;
        value.loss = pull.sum() / present + push.sum() / classes;
        add_pair_statistics(value, comparison, positive_mask(comparison), negative_mask(comparison));
        value.terms = cosines.numel();
        const torch::Tensor pulls =
            (own & (cosines.detach() < config_.margin)) | (~own & (cosines.detach() > -config_.margin));
        value.active_share = pulls.to(torch::kFloat64).mean().item<double>();
        return value;
    }

  private:
    ProxyAnchorConfig config_;
    torch::Tensor proxies_;  // [C, D], not normalised
};

}  // namespace

std::unique_ptr<MetricLoss> make_proxy_anchor(const ProxyAnchorConfig& config, int classes, int dimension) {
    return std::make_unique<ProxyAnchorLoss>(config, classes, dimension);
}

}  // namespace clipsim
