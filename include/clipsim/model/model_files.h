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

// `name` is a folder in Hugging Face format, a file in one, a known name (clip-nano, ViT-B-32, ViT-B-16,
// ViT-L-14) or a repository of the Hugging Face hub (owner/name, owner/name@revision). Known names are looked
// up as folders under $CLIPSIM_MODELS, ./models, the models of the installed program and those of the source
// tree; they and repositories also in the cache where Python's huggingface_hub keeps what it downloaded
// (HF_HUB_CACHE, HF_HOME). Throws UsageError that says what to download and where to put it.
ModelFiles find_model(const std::string& name);

}  // namespace clipsim
