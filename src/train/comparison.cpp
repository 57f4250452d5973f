#include "clipsim/train/comparison.h"

namespace clipsim {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// d(a, r) = |a - r|. With W = dL/dd / d:
//   dL/da_i = sum_j W_ij (a_i - r_j) = (sum_j W_ij) a_i - (W R)_i
// and the same with W transposed for the references. cdist's own gradient sums the differences one by one.
struct PairwiseDistances : torch::autograd::Function<PairwiseDistances> {
    static torch::Tensor forward(AutogradContext* context, const torch::Tensor& anchors,
                                 const torch::Tensor& references) {
        // Differences, not |a|^2 + |b|^2 - 2ab: in float the latter turns the distance 0 of duplicates into
        // 3e-4.
        constexpr std::int64_t without_matrix_product = 2;
        const torch::Tensor distances = torch::cdist(anchors, references, 2.0, without_matrix_product);
        context->save_for_backward({anchors, references, distances});
        return distances;
    }

    static tensor_list backward(AutogradContext* context, const tensor_list& outer) {
        const tensor_list saved = context->get_saved_variables();
        const torch::Tensor &anchors = saved[0], &references = saved[1], &distances = saved[2];
        // At distance 0 the gradient is 0, the subgradient that pulls nowhere.
        const torch::Tensor weights = (outer[0] / distances).masked_fill_(distances == 0, 0);
        return {pull(weights, anchors, references), pull(weights.t(), references, anchors)};
    }

    static torch::Tensor pull(const torch::Tensor& weights, const torch::Tensor& own,
                              const torch::Tensor& others) {
        return torch::addmm(own * weights.sum(1, true), weights, others, 1, -1);
    }
};

}  // namespace

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
    return PairwiseDistances::apply(anchors, references);
}

}  // namespace clipsim
