// Which of a folder's files make up a model.
#pragma once

#include "clipsim/model/model_files.h"

namespace clipsim {

// In this order: config.json with model.safetensors, its index, or pytorch_model.bin; open_clip_config.json
// with open_clip_model.safetensors or a state dict; a single .pt. Throws UsageError naming what is lacking.
ModelFiles model_files_in(const std::filesystem::path& folder);

// The model that a file is part of: its weights, or a config beside them.
ModelFiles model_files_of(const std::filesystem::path& file);

}  // namespace clipsim
