// The losses that make_loss chooses from, one file each, and what they share.
#pragma once

#include "clipsim/train/losses.h"
#include "clipsim/train/miners.h"

namespace clipsim {

std::unique_ptr<MetricLoss> make_triplet_margin(const TrainConfig& config, torch::Generator& generator);
std::unique_ptr<MetricLoss> make_multi_similarity(const MultiSimilarityConfig& config);
std::unique_ptr<MetricLoss> make_supcon(const SupConConfig& config);
std::unique_ptr<MetricLoss> make_proxy_anchor(const ProxyAnchorConfig& config, int classes, int dimension);

// The loss of given triplets. distances: [B, R], Euclidean. is_empty where there is no triplet.
LossValue triplet_margin_loss(const torch::Tensor& distances, const Triplets& triplets, double margin,
                              const TripletConfig& config = {});

// For losses that work on pairs. positives, negatives: [B, R] bool. Fills terms and the two mean distances.
void add_pair_statistics(LossValue& value, const Comparison& comparison, const torch::Tensor& positives,
                         const torch::Tensor& negatives);

// ln(sum of exp(x) over what `kept` keeps, and of 1 where `add_one`), along `dim`; 0 where nothing is kept.
torch::Tensor masked_logsumexp(const torch::Tensor& x, const torch::Tensor& kept, std::int64_t dim,
                               bool add_one);

// The mean of what is above 0, and 0 where nothing is (AvgNonZeroReducer).
torch::Tensor mean_of_positive(const torch::Tensor& losses);

}  // namespace clipsim
