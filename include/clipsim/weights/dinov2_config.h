// The config.json of Hugging Face's Dinov2Model and Dinov2WithRegistersModel (Oquab et al. 2023,
// https://arxiv.org/abs/2304.07193; Darcet et al. 2023, https://arxiv.org/abs/2309.16588).
#pragma once

#include "clipsim/core/json_file.h"
#include "clipsim/weights/tower_config.h"

namespace clipsim {

bool describes_dinov2(const JsonFile& config);  // by its model_type

// `image_size` is the side of the images that the preprocessing makes: the config names that of the training
// (518), and its position embeddings are resized. Throws UsageError naming file and key.
VisionConfig read_dinov2_config(const JsonFile& config, int image_size);

}  // namespace clipsim
