// What a loss and its miner look at: the embeddings of a batch, and what they are compared with.
#pragma once

#include <torch/torch.h>

namespace clipsim {

struct Comparison {
    torch::Tensor anchors;           // [B, D] unit rows
    torch::Tensor labels;            // [B] int64
    torch::Tensor references;        // [R, D] unit rows, the first B of them the anchors themselves
    torch::Tensor reference_labels;  // [R] int64
};

// A batch compared with itself.
Comparison compare_within(const torch::Tensor& embeddings, const torch::Tensor& labels);

// [B, R] bool: the reference has the anchor's label and is not the anchor; it has another label.
torch::Tensor positive_mask(const Comparison& comparison);
torch::Tensor negative_mask(const Comparison& comparison);

// [B, R] Euclidean distances, with a gradient that stays finite at distance 0.
torch::Tensor pairwise_distances(const torch::Tensor& anchors, const torch::Tensor& references);

}  // namespace clipsim
