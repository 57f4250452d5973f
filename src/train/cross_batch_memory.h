// Cross-batch memory (Wang et al. 2020, https://arxiv.org/abs/1912.06798): embeddings drift slowly, so those
// of earlier batches serve as further positives and negatives, without a gradient.
#pragma once

#include "clipsim/train/comparison.h"

namespace clipsim {

class CrossBatchMemory {
  public:
    explicit CrossBatchMemory(std::int64_t size) : size_(size) {}

    // The batch [B, D] against itself and what is remembered.
    Comparison compare(const torch::Tensor& embeddings, const torch::Tensor& labels) const;
    // Remembers the batch and forgets the oldest beyond the size.
    void remember(const torch::Tensor& embeddings, const torch::Tensor& labels);

    // For the state of a run: [M, D] and [M], oldest first; undefined while nothing is remembered.
    const torch::Tensor& embeddings() const { return embeddings_; }
    const torch::Tensor& labels() const { return labels_; }
    void restore(const torch::Tensor& embeddings, const torch::Tensor& labels);

  private:
    std::int64_t size_;
    torch::Tensor embeddings_, labels_;
};

}  // namespace clipsim
