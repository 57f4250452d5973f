// Stage 1: the projection head alone, on features computed once.
#pragma once

#include "clipsim/model/clip_model.h"
#include "features/feature_cache.h"
#include "stage.h"

namespace clipsim {

class HeadStage : public Stage {
  public:
    // The cached images must outlive the stage.
    HeadStage(ProjectionHead head, const CachedImages& train, const CachedImages& validation,
              double learning_rate);

    std::vector<ParameterGroup> parameter_groups() const override;
    BatchStream batches(std::span<const std::vector<std::size_t>> batches, int epoch) override;
    torch::Tensor embed(const torch::Tensor& input) override;
    torch::Tensor embed_training() override;
    torch::Tensor embed_validation() override;

  private:
    ProjectionHead head_;
    torch::Tensor train_, validation_;  // [N, D] unit rows
    double learning_rate_;
};

// [N, D] features of the tower -> unit rows, fp32: what the head works on. It changes no direction and so no
// result, but the size of the gradients no longer hangs on the model's scale.
torch::Tensor unit_features(const torch::Tensor& features);

}  // namespace clipsim
