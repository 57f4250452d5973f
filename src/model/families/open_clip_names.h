// The names of OpenAI's CLIP, which open_clip kept.
#pragma once

#include <string>
#include <vector>

#include "clipsim/model/families/tensor_names.h"
#include "clipsim/model/families/tower_config.h"
#include "clipsim/weights/weights_file.h"

namespace clipsim {

std::vector<TensorName> open_clip_vision_names(const VisionTransformerConfig& config);
// `prefix`: what is before the names of the text tower.
std::vector<TensorName> open_clip_text_names(const TextConfig& config, const std::string& prefix);
// "text." in models of open_clip's CustomTextCLIP.
std::string open_clip_text_prefix(const WeightsFile& weights);

bool ignored_in_open_clip(const std::string& name);

}  // namespace clipsim
