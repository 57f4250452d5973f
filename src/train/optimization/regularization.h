// What keeps training from forgetting what CLIP knew (train.regularization): terms beside the loss, and
// weights between those at the start and the trained ones.
#pragma once

#include <torch/torch.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "clipsim/train/train_config.h"
#include "optimization/optimizer.h"

namespace clipsim {

class Regularizer {
  public:
    // frozen: [N, D] unit rows, what CLIP as it was makes of the training photos.
    Regularizer(const RegularizationConfig& config, torch::Tensor frozen);

    // Takes the parameters as they are for the start, but for those that it knows from an earlier stage: the
    // head starts as the principal components of the features, the blocks as CLIP's.
    void remember(const std::vector<ParameterGroup>& groups);

    // What to add to the loss of a batch; undefined where the method adds nothing. embeddings: [B, d] unit
    // rows with gradients, samples: [B] rows of `frozen`.
    //   distill: mean squared difference of the cosines between the photos of the batch, in the trained space
    //   and
    //            in CLIP's: relations, so that the two may differ in dimension (Park et al. 2019,
    //            https://arxiv.org/abs/1904.05068; Tung and Mori 2019, https://arxiv.org/abs/1907.09682)
    //   l2:      half the squared distance of the weights from the start (L2-SP, Li et al. 2018,
    //            https://arxiv.org/abs/1802.01483)
    // Both times train.regularization.strength.
    torch::Tensor penalty(const torch::Tensor& embeddings, std::span<const std::size_t> samples) const;

    // Whether the penalty is one of the weights and not of the embeddings.
    bool is_about_weights() const { return config_.method == RegularizationMethod::l2; }

  private:
    friend class InterpolatedWeights;
    struct Weight {
        torch::Tensor live, start;
    };
    bool interpolates() const;

    RegularizationConfig config_;
    torch::Tensor frozen_;
    std::map<std::string, Weight> weights_;
};

// While it lives, the parameters are those that are measured and saved: alpha of the trained weights and 1 -
// alpha of those at the start (WiSE-FT, Wortsman et al. 2022, https://arxiv.org/abs/2109.01903). Afterwards
// training goes on with what it had. Without gradients.
class InterpolatedWeights {
  public:
    explicit InterpolatedWeights(const Regularizer& regularizer);
    ~InterpolatedWeights();
    InterpolatedWeights(const InterpolatedWeights&) = delete;
    InterpolatedWeights& operator=(const InterpolatedWeights&) = delete;

  private:
    std::vector<std::pair<torch::Tensor, torch::Tensor>> trained_;  // the parameter, and what it held
};

}  // namespace clipsim
