// Stage 2: the last blocks of the tower together with the head.
#pragma once

#include "clipsim/train/trainer.h"
#include "features/cached_views.h"
#include "features/feature_cache.h"
#include "stage.h"

namespace clipsim {

class BlockStage : public Stage {
  public:
    // What the stage works on; all of it must outlive the stage.
    struct World {
        const TrainOptions& options;
        const Catalogue& catalogue;
        const OpenFunction& open;
        const CachedImages& train;
        const CachedImages& validation;
        std::vector<SkippedImage>& skipped;
    };

    // Makes blocks >= boundary of model.tower trainable.
    BlockStage(const World& world, ClipModel& model, ProjectionHead head, int boundary, torch::Device device);

    std::vector<ParameterGroup> parameter_groups() const override;
    BatchStream batches(std::span<const std::vector<std::size_t>> batches, int epoch) override;
    torch::Tensor embed(const torch::Tensor& input) override;
    torch::Tensor embed_training() override;
    torch::Tensor embed_validation() override;
    bool needs_loss_scaling() const override { return amp_ == torch::kHalf; }

  private:
    BatchStream load(const CachedImages& images, std::span<const std::vector<std::size_t>> batches, int view);
    void open_views();

    World world_;
    ClipModel& model_;
    ProjectionHead head_;
    int boundary_;
    torch::Device device_;
    std::optional<at::ScalarType> amp_;  // none: fp32
    std::optional<CachedViews> views_;   // none: not wanted, or too large
};

}  // namespace clipsim
