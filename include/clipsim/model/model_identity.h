// Whose vectors a model makes, found out without loading it. No torch in this header.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "clipsim/model/embedder.h"
#include "clipsim/model/model_config.h"
#include "clipsim/model/model_description.h"

namespace clipsim {

struct ModelIdentity {
    std::string model_id;
    std::string image_hash, text_hash;  // Embedder::hash of either space
    int image_dimension = 0, text_dimension = 0;
    bool has_head = false, has_text_tower = false;
};

// What an Embedder of the same arguments would say. `hash` is asked for the hashes of the files. Throws
// UsageError for a model or checkpoint that is missing or no such thing.
ModelIdentity identify_model(const ModelConfig& model, const std::optional<std::filesystem::path>& checkpoint,
                             const FileHash& hash);

// Embedder::hash. checkpoint_hash: of the checkpoint's file.
std::string space_hash(const std::string& base_hash, Precision precision, const std::string& checkpoint_hash,
                       Space space);

}  // namespace clipsim
