// How the same tensors are called, and laid out, in the files of Hugging Face, open_clip, OpenAI and DINOv2.
#pragma once

#include <string>
#include <vector>

#include "clipsim/weights/tower_config.h"

namespace clipsim {

enum class TensorLayout {
    hugging_face,      // CLIPModel: what our towers call their parameters
    open_clip,         // OpenAI's names, which open_clip kept
    open_clip_custom,  // the same with "text." before those of the text tower (open_clip's CustomTextCLIP)
    dinov2             // Hugging Face's Dinov2Model
};

// A parameter of a tower, and the tensor of the file that it is, is cut from, or is computed from.
struct TensorName {
    static constexpr int whole = -1;

    std::string tower;
    std::string file;
    int part = whole;         // 0, 1, 2: the rows of query, key, value in one matrix of all three
    bool transposed = false;  // [in, out] in the file
    int leading_ones = 0;     // [1, 1, W] in the file, [W] in the tower
    // The batch norm that follows a convolution in the file, which our towers have folded into its weight and
    // bias: its weight, bias, running_mean and running_var lie behind this name.
    std::string batch_norm{};
};

// The position embeddings of the vision tower: the one parameter that a file may have for another grid of
// patches.
constexpr const char* vision_positions = "vision_model.embeddings.position_embedding.weight";

std::vector<TensorName> vision_tensor_names(TensorLayout layout, const VisionConfig& config);
std::vector<TensorName> text_tensor_names(TensorLayout layout, const TextConfig& config);

// Whether a file of that layout may hold a tensor of this name that no tower asks for: buffers, the mask
// token, the scale of the training loss.
bool is_of_no_matter(TensorLayout layout, const std::string& name);

}  // namespace clipsim
