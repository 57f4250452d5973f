// Where a model's files are, found from what the config's model.clip says. No torch here.
#pragma once

#include <filesystem>
#include <string>

namespace clipsim {

struct ModelFiles {
    std::string id;                      // the name, the folder's or the file's, e.g. "clip-nano"
    std::filesystem::path config;        // config.json or open_clip_config.json; empty for a file of OpenAI's
    std::filesystem::path weights;       // what read_weights takes
    std::filesystem::path preprocessor;  // or processor_config.json; empty: none

    std::filesystem::path folder() const;  // where a tokenizer would be
};

// `name` is a folder in Hugging Face format or open_clip's, a file in one, a file of OpenAI's, a known name
// (core/known_models.h) or a repository of the Hugging Face hub (owner/name, owner/name@revision). Known
// names are looked up as folders under $CLIPSIM_MODELS, ./models, the models of the installed program and
// those of the source tree; they and repositories also in the cache that `clipsim model pull` and Python's
// huggingface_hub download to (core/hub_cache.h). Throws UsageError that says how to get what is missing.
ModelFiles find_model(const std::string& name);

}  // namespace clipsim
