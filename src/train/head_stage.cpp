#include "head_stage.h"

#include "features/token_stream.h"

namespace clipsim {

torch::Tensor unit_features(const torch::Tensor& features) {
    return torch::nn::functional::normalize(features.to(torch::kFloat32),
                                            torch::nn::functional::NormalizeFuncOptions().dim(1));
}

HeadStage::HeadStage(ProjectionHead head, const CachedImages& train, const CachedImages& validation,
                     double learning_rate)
    : head_(std::move(head)),
      train_(unit_features(train.features)),
      validation_(unit_features(validation.features)),
      learning_rate_(learning_rate) {}

std::vector<ParameterGroup> HeadStage::parameter_groups() const {
    return {{{{"head.linear.weight", head_->linear->weight}}, learning_rate_}};
}

BatchStream HeadStage::batches(std::span<const std::vector<std::size_t>> batches, int /*epoch*/) {
    return stream_cached_tokens(train_, batches, train_.device());
}

torch::Tensor HeadStage::embed(const torch::Tensor& input) {
    return head_->forward(input);
}

torch::Tensor HeadStage::embed_training() {
    const torch::NoGradGuard no_grad;
    return head_->forward(train_);
}

torch::Tensor HeadStage::embed_validation() {
    const torch::NoGradGuard no_grad;
    return head_->forward(validation_).to(torch::kCPU);
}

}  // namespace clipsim
