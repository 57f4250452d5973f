// The figures of an epoch's line for losses that work on pairs.
#pragma once

#include "clipsim/train/losses.h"

namespace clipsim {

// positives, negatives: [B, R] bool. Fills terms and the two mean distances.
void add_pair_statistics(LossValue& value, const Comparison& comparison, const torch::Tensor& positives,
                         const torch::Tensor& negatives);

// ln(sum of exp(x) over what `kept` keeps, and of 1 where `add_one`), along `dim`; 0 where nothing is kept.
torch::Tensor masked_logsumexp(const torch::Tensor& x, const torch::Tensor& kept, std::int64_t dim,
                               bool add_one);

// The mean of what is above 0, and 0 where nothing is (AvgNonZeroReducer).
torch::Tensor mean_of_positive(const torch::Tensor& losses);

}  // namespace clipsim
