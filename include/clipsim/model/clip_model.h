// The image encoder (CLIP's, or another family's) with all that belongs to it, and the fine-tuned parts that
// sit on top.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <optional>
#include <string>

#include "clipsim/image/preprocess.h"
#include "clipsim/model/model_files.h"
#include "clipsim/model/text_tower.h"
#include "clipsim/model/vision_tower.h"

namespace clipsim {

struct ClipModel {
    std::string id;
    std::string hash;  // of weights, config and preprocessing
    PreprocessSpec preprocess;
    std::optional<TokenizerKind> tokenizer;  // of its text tower, by its config; absent: images alone
    VisionTower tower{nullptr};
};

// Loads the tower in fp32 on the CPU. Throws UsageError naming the file and the tensor that is missing or
// misshapen.
ClipModel load_clip_model(const ModelFiles& files);

// The text tower alone, in fp32 on the CPU. Throws UsageError as above, and for a model without one.
TextTower load_text_tower(const ModelFiles& files);

// "auto", "cpu", "cuda" or "cuda:N" to a device. auto is cuda where there is one. Throws UsageError.
torch::Device parse_device(const std::string& name);

// The projection head: [N, D] -> [N, projection_dim], L2-normalised rows. One linear map without bias.
class ProjectionHeadImpl : public torch::nn::Module {
  public:
    ProjectionHeadImpl(int input_dim, int output_dim);
    torch::Tensor forward(const torch::Tensor& features);
    // Starts from the principal directions of `features` [N, D]: of all linear maps, the one that keeps most
    // of the distances. All eigenvectors of X^T X are orthonormal, also those beyond the rank of the
    // features.
    void initialise_from(const torch::Tensor& features);

    torch::nn::Linear linear{nullptr};
};
TORCH_MODULE(ProjectionHead);

// What training changed: the head, and the tower's blocks >= first_block with its final norm and projection.
struct CheckpointInfo {
    std::string base_model;  // ClipModel::id
    std::string base_hash;   // ClipModel::hash
    int projection_dim = 128;
    int first_block = 0;  // == layers: the tower is unchanged
    int epoch = 0;
};

// best_model.safetensors and last_model.safetensors. Atomic.
void save_checkpoint(const std::filesystem::path& file, const CheckpointInfo& info, const VisionTower& tower,
                     const ProjectionHead& head);
// Throws UsageError: not a checkpoint of ours, of another base model, or with missing or misshapen tensors.
CheckpointInfo read_checkpoint_info(const std::filesystem::path& file);
// Copies the tensors into model.tower and returns the head.
ProjectionHead load_checkpoint(const std::filesystem::path& file, ClipModel& model);

}  // namespace clipsim
