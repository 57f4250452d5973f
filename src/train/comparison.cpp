#include "clipsim/train/comparison.h"

namespace clipsim {

Comparison compare_within(const torch::Tensor& embeddings, const torch::Tensor& labels) {
    return {embeddings, labels, embeddings, labels};
}

torch::Tensor positive_mask(const Comparison& comparison) {
    const torch::Tensor& labels = comparison.labels;
    const torch::Tensor& references = comparison.reference_labels;
    const torch::Tensor self = torch::eye(labels.size(0), references.size(0),
                                          torch::TensorOptions().dtype(torch::kBool).device(labels.device()));
    return (labels.unsqueeze(1) == references.unsqueeze(0)) & ~self;
}

torch::Tensor negative_mask(const Comparison& comparison) {
    return comparison.labels.unsqueeze(1) != comparison.reference_labels.unsqueeze(0);
}

torch::Tensor pairwise_distances(const torch::Tensor& anchors, const torch::Tensor& references) {
    // Differences, not |a|^2 + |b|^2 - 2ab: in float the latter turns the distance 0 of duplicates into 3e-4.
    // cdist's gradient at distance 0 is 0 (the subgradient that pulls nowhere).
    constexpr std::int64_t without_matrix_product = 2;
    return torch::cdist(anchors, references, 2.0, without_matrix_product);
}

}  // namespace clipsim
