// The tensors of a model's file under the names and in the layout of our towers.
#pragma once

#include <torch/torch.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "clipsim/model/model_description.h"

namespace clipsim {

class ModelWeights {
  public:
    // Both have to outlive it. Throws UsageError naming the tensor, as the file calls it, that no part of
    // such a model has.
    ModelWeights(const WeightsFile& file, const ModelDescription& model);

    // Throws UsageError naming the first tensor that is missing.
    void require_vision_tower() const;
    void require_text_tower() const;

    // The file's tensors that make up the towers, each once.
    std::set<std::string> file_names() const;

    // By the tower's name; of that shape. A view onto the file where it can be, else a copy; in the file's
    // dtype (float64 where a batch norm is folded into it). Throws UsageError with the file's name and both
    // shapes, in the file's layout, when it is missing or misshapen.
    torch::Tensor tensor(const std::string& tower_name, at::IntArrayRef shape) const;

    // Fills a tower: fp32, no gradients. Throws UsageError for a value that is not finite, too.
    void load(torch::nn::Module& tower) const;

  private:
    void refuse_others() const;
    void require_shape(const std::string& file_name, const torch::Tensor& tensor,
                       const std::vector<std::int64_t>& expected) const;
    torch::Tensor folded(const torch::Tensor& tensor, const TensorName& name) const;

    const WeightsFile& file_;
    const ModelDescription& model_;
    std::map<std::string, TensorName> names_;  // by the tower's name
};

}  // namespace clipsim
