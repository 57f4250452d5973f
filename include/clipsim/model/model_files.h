// Where a model's files are, found from what the config's model.clip says. No torch here.
#pragma once

#include <filesystem>
#include <string>

namespace clipsim {

struct ModelFiles {
    std::string id;                      // the name or folder name, e.g. "clip-nano"
    std::filesystem::path config;        // config.json
    std::filesystem::path weights;       // model.safetensors
    std::filesystem::path preprocessor;  // preprocessor_config.json
};

// `name` is a folder in Hugging Face format, a file in one, a known name (core/known_models.h) or a repository
// of the Hugging Face hub (owner/name, owner/name@revision). Known names are looked up as folders under
// $CLIPSIM_MODELS, ./models, the models of the installed program and those of the source tree; they and
// repositories also in the cache that `clipsim model pull` and Python's huggingface_hub download to
// (core/hub_cache.h). Throws UsageError that says how to get what is missing.
ModelFiles find_model(const std::string& name);

}  // namespace clipsim
