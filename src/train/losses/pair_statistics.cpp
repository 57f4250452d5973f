#include "one_loss.h"

#include <algorithm>
#include <limits>

namespace clipsim {

void add_pair_statistics(LossValue& value, const Comparison& comparison, const torch::Tensor& positives,
                         const torch::Tensor& negatives) {
    const torch::NoGradGuard no_grad;
    const torch::Tensor distances = pairwise_distances(comparison.anchors, comparison.references);
    const auto mean_over = [&](const torch::Tensor& mask, std::int64_t count) {
        return distances.masked_fill(~mask, 0).sum().item<double>() /
               static_cast<double>(std::max<std::int64_t>(1, count));
    };
    const auto positive = positives.sum().item<std::int64_t>(),
               negative = negatives.sum().item<std::int64_t>();
    value.terms = positive + negative;
    value.positive_distance = mean_over(positives, positive);
    value.negative_distance = mean_over(negatives, negative);
}

torch::Tensor masked_logsumexp(const torch::Tensor& x, const torch::Tensor& kept, std::int64_t dim,
                               bool add_one) {
    // A finite stand-in for minus infinity: a row of nothing but infinities would have no gradient but NaN.
    torch::Tensor masked = x.masked_fill(~kept, -1e30);
    if (add_one) masked = torch::cat({masked, torch::zeros_like(masked.narrow(dim, 0, 1))}, dim);
    return torch::logsumexp(masked, dim).masked_fill(~kept.any(dim), 0);
}

torch::Tensor mean_of_positive(const torch::Tensor& losses) {
    return torch::relu(losses).sum() / (losses.detach() > 0).sum().clamp_min(1);
}

}  // namespace clipsim
