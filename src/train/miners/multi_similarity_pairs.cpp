#include <limits>

#include "clipsim/train/miners.h"

namespace clipsim {

PairMasks multi_similarity_pairs(double epsilon, const torch::Tensor& similarities,
                                 const Comparison& comparison) {
    const torch::NoGradGuard no_grad;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    const torch::Tensor fixed = similarities.detach();
    const torch::Tensor positives = positive_mask(comparison), negatives = negative_mask(comparison);
    const torch::Tensor least_positive = fixed.masked_fill(~positives, infinity).amin(1, true);
    const torch::Tensor greatest_negative = fixed.masked_fill(~negatives, -infinity).amax(1, true);
    return {positives & (fixed - epsilon < greatest_negative),
            negatives & (fixed + epsilon > least_positive)};
}

}  // namespace clipsim
