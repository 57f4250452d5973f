// Triplet margin loss (Schroff et al. 2015, https://arxiv.org/abs/1503.03832) on Euclidean distances of unit
// vectors, or their squares; with the hinge or, as softplus, with the soft margin of Hermans et al. 2017
// (https://arxiv.org/abs/1703.07737). The mean over the triplets with a loss above 0.
#include "one_loss.h"

#include <algorithm>
#include <cmath>

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

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// The scalar `value` as a function of `input`, whose gradient was computed along with it.
struct KnownGradient : torch::autograd::Function<KnownGradient> {
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& input, double value,
                                 const torch::Tensor& gradient) {
        context->save_for_backward({gradient});
        return torch::full({}, value, input.options().requires_grad(false));
    }
    static tensor_list backward(AutogradContext* context, const tensor_list& outer) {
        return {context->get_saved_variables()[0] * outer[0], torch::Tensor(), torch::Tensor()};
    }
};

class TripletMarginLoss : public MetricLoss {
  public:
    TripletMarginLoss(const TrainConfig& config, torch::Generator& generator)
        : miner_{config.mining, config.margin, config.triplet.triplets_per_anchor, config.distance_weighted},
          config_(config.triplet),
          generator_(generator) {}

    LossValue compute(const Comparison& comparison) override {
        const torch::Tensor distances = pairwise_distances(comparison.anchors, comparison.references);
        // The margin is one of squares where the loss is.
        const bool square = config_.squared_distances && miner_.mining == Mining::semi_hard;
        const Triplets triplets =
            mine_triplets(miner_, square ? distances.square() : distances, comparison, generator_);
        return triplet_margin_loss(distances, triplets, miner_.margin, config_);
    }

  private:
    MinerOptions miner_;
    TripletConfig config_;
    torch::Generator& generator_;
};

}  // namespace

std::unique_ptr<MetricLoss> make_triplet_margin(const TrainConfig& config, torch::Generator& generator) {
    return std::make_unique<TripletMarginLoss>(config, generator);
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
    value.loss = KnownGradient::apply(distances, sums.loss / count, slopes.to(distances.options()));
    const auto all = static_cast<double>(triplets.size());
    value.active_share = static_cast<double>(sums.violating) / all;
    value.positive_distance = sums.positive_distance / all;
    value.negative_distance = sums.negative_distance / all;
    return value;
}

}  // namespace clipsim
