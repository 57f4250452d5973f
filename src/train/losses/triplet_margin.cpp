#include "triplet_margin.h"

#include <algorithm>
#include <cmath>

#include "known_gradient.h"

namespace clipsim {

namespace {

// A triplet's loss and its derivative, by how far the triplet violates the margin.
struct Term {
    float loss, slope;
};
using TermOf = Term (*)(float violation);

Term hinge(float violation) {
    return violation > 0 ? Term{violation, 1} : Term{0, 0};
}

Term soft_hinge(float violation) {
    // log(1 + exp(v)) without an exp that overflows.
    return {std::max(violation, 0.0F) + std::log1p(std::exp(-std::abs(violation))),
            1 / (1 + std::exp(-violation))};
}

struct TripletSums {
    double loss = 0, positive_distance = 0, negative_distance = 0;
    std::int64_t counted = 0;    // triplets with a loss above 0
    std::int64_t violating = 0;  // triplets that violate the margin
};

// All [B, R] floats on the CPU: `compared` is what the margin is of; adds each triplet's slopes to `slopes`.
TripletSums sum_triplets(const torch::Tensor& distances, const torch::Tensor& compared,
                         const Triplets& triplets, float margin, TermOf term_of,
                         const torch::Tensor& slopes) {
    const auto* const distance = distances.const_data_ptr<float>();
    const auto* const measure = compared.const_data_ptr<float>();
    auto* const slope = slopes.mutable_data_ptr<float>();
    const std::int64_t columns = distances.size(1);
    TripletSums sums;
    for (const auto& [anchor, positive, negative] : triplets) {
        const std::int64_t p = anchor * columns + positive, n = anchor * columns + negative;
        sums.positive_distance += distance[p];
        sums.negative_distance += distance[n];
        const float violation = margin + (measure[p] - measure[n]);
        sums.violating += violation > 0;
        const Term term = term_of(violation);
        if (!(term.loss > 0)) continue;
        ++sums.counted;
        sums.loss += term.loss;
        slope[p] += term.slope;
        slope[n] -= term.slope;
    }
    return sums;
}

}  // namespace

TripletMarginLoss::TripletMarginLoss(const TrainConfig& config, torch::Generator& generator)
    : miner_{config.mining, config.margin, config.triplet.triplets_per_anchor, config.distance_weighted},
      config_(config.triplet),
      generator_(generator) {}

LossValue TripletMarginLoss::compute(const Comparison& comparison) {
    const torch::Tensor distances = pairwise_distances(comparison.anchors, comparison.references);
    // The margin is one of squares where the loss is.
    const bool square = config_.squared_distances && miner_.mining == Mining::semi_hard;
    const Triplets triplets =
        mine_triplets(miner_, square ? distances.square() : distances, comparison, generator_);
    return triplet_margin_loss(distances, triplets, miner_.margin, config_);
}

LossValue triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin,
                              const TripletConfig& config) {
    LossValue value;
    value.terms = std::ssize(triplets);
    value.is_empty = triplets.empty();
    if (value.is_empty) {
        value.loss = distances.sum() * 0;
        return value;
    }
    // With m(d) = d or d^2, v = margin + m(d(a,p)) - m(d(a,n)) and l(v) = max(v, 0) or log(1 + exp(v)), over
    // the N triplets with a loss:
    //   L = 1/N sum l(v),   dL/dd(a,p) = 1/N sum l'(v) m'(d(a,p)),   dL/dd(a,n) = -1/N sum l'(v) m'(d(a,n))
    // A loop over memory takes less time than a chain of LibTorch's calls: a batch has a few thousand
    // triplets.
    const torch::Tensor fixed = distances.detach().to(torch::kCPU, torch::kFloat32).contiguous();
    const torch::Tensor compared = config.squared_distances ? fixed.square() : fixed;
    const torch::Tensor slopes = torch::zeros_like(fixed);  // [B, R], dL/dm times N
    const TripletSums sums = sum_triplets(fixed, compared, triplets, static_cast<float>(margin),
                                          config.soft_margin ? soft_hinge : hinge, slopes);
    const auto count = static_cast<double>(std::max<std::int64_t>(1, sums.counted));
    slopes.div_(count);
    if (config.squared_distances) slopes.mul_(fixed).mul_(2);
    value.loss = with_gradient(distances, sums.loss / count, slopes.to(distances.options()));
    const auto all = static_cast<double>(triplets.size());
    value.active_share = static_cast<double>(sums.violating) / all;
    value.positive_distance = sums.positive_distance / all;
    value.negative_distance = sums.negative_distance / all;
    return value;
}

}  // namespace clipsim
