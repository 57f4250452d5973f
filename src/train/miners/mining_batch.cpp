#include "mining_batch.h"

namespace clipsim {

MiningBatch::MiningBatch(const torch::Tensor& distances, const Comparison& comparison)
    : distances_tensor_(distances.detach().to(torch::kCPU, torch::kFloat32).contiguous()),
      labels_tensor_(comparison.labels.to(torch::kCPU).contiguous()),
      reference_labels_tensor_(comparison.reference_labels.to(torch::kCPU).contiguous()),
      distances_(distances_tensor_.data_ptr<float>(), static_cast<std::size_t>(distances_tensor_.numel())),
      labels_(labels_tensor_.data_ptr<std::int64_t>(), static_cast<std::size_t>(labels_tensor_.numel())),
      reference_labels_(reference_labels_tensor_.data_ptr<std::int64_t>(),
                        static_cast<std::size_t>(reference_labels_tensor_.numel())) {}

MiningBatch::Choice MiningBatch::choice_of(std::int32_t anchor) const {
    Choice choice;
    choice.negatives.reserve(reference_labels_.size());
    for (std::int32_t reference = 0; reference < std::ssize(reference_labels_); ++reference) {
        if (reference_labels_[reference] != labels_[anchor]) {
            choice.negatives.push_back(reference);
        } else if (reference != anchor) {
            choice.positives.push_back(reference);
        }
    }
    return choice;
}

}  // namespace clipsim
