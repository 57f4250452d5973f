#include <limits>

#include "clipsim/train/miners.h"

namespace clipsim {

// Wu et al. 2017, section 4: between random points of a sphere in n dimensions the distance d occurs with
// density q(d) ~ d^(n-2) (1 - d^2/4)^((n-3)/2). Logarithms, for it is 1e-60 and less in 128 dimensions.
torch::Tensor negative_weights(const DistanceWeightedConfig& config, const torch::Tensor& distances,
                               const Comparison& comparison) {
    const torch::NoGradGuard no_grad;
    const auto n = static_cast<double>(comparison.anchors.size(1));
    const torch::Tensor d = distances.detach().to(torch::kFloat64).clamp_min(config.cutoff);
    const torch::Tensor log_weights =
        (2 - n) * torch::log(d) - (n - 3) / 2 * torch::log1p(-0.25 * torch::square(d));
    const torch::Tensor drawable =
        negative_mask(comparison) & (d < config.nonzero_loss_cutoff) & torch::isfinite(log_weights);
    const double nothing = -std::numeric_limits<double>::infinity();
    const torch::Tensor masked = log_weights.masked_fill(~drawable, nothing);
    return torch::softmax(masked, 1).masked_fill(~drawable, 0);
}

}  // namespace clipsim
