// The config.json of Hugging Face's CLIPModel.
#pragma once

#include "clipsim/core/json_file.h"
#include "clipsim/weights/tower_config.h"

namespace clipsim {

bool describes_text_tower(const JsonFile& config);

// Throw UsageError naming file and key for what is missing, out of range or not a CLIP.
VisionConfig read_vision_config(const JsonFile& config);
TextConfig read_text_config(const JsonFile& config);

}  // namespace clipsim
