#include "cross_batch_memory.h"

#include <algorithm>

namespace clipsim {

Comparison CrossBatchMemory::compare(const torch::Tensor& embeddings, const torch::Tensor& labels) const {
    if (!embeddings_.defined()) return compare_within(embeddings, labels);
    return {embeddings, labels, torch::cat({embeddings, embeddings_}), torch::cat({labels, labels_})};
}

void CrossBatchMemory::remember(const torch::Tensor& embeddings, const torch::Tensor& labels) {
    if (size_ == 0) return;
    const torch::Tensor fixed = embeddings.detach();
    embeddings_ = embeddings_.defined() ? torch::cat({embeddings_, fixed}) : fixed.clone();
    labels_ = labels_.defined() ? torch::cat({labels_, labels}) : labels.clone();
    const std::int64_t kept = std::min(size_, embeddings_.size(0));
    embeddings_ = embeddings_.narrow(0, embeddings_.size(0) - kept, kept);
    labels_ = labels_.narrow(0, labels_.size(0) - kept, kept);
}

void CrossBatchMemory::restore(const torch::Tensor& embeddings, const torch::Tensor& labels) {
    embeddings_ = embeddings;
    labels_ = labels;
}

}  // namespace clipsim
