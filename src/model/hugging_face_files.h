// config.json and preprocessor_config.json as transformers reads them, from what we know of a model.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "clipsim/model/model_description.h"

namespace clipsim {

// Of CLIPModel; the model has a text tower, as all of open_clip's and OpenAI's have.
nlohmann::ordered_json clip_config_json(const ModelDescription& model);

// Of CLIPImageProcessor, or BitImageProcessor for DINOv2.
nlohmann::ordered_json preprocessor_json(const ModelDescription& model);

}  // namespace clipsim
