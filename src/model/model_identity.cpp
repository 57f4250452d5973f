#include "clipsim/model/model_identity.h"

#include "clipsim/core/hash.h"
#include "clipsim/model/clip_model.h"

namespace clipsim {

std::string space_hash(const std::string& base_hash, Precision precision, const std::string& checkpoint_hash,
                       Space space) {
    // Vectors of another precision are close, but not the same.
    std::string parts = base_hash;
    if (precision == Precision::int8) parts += "-int8";
    if (precision == Precision::bf16) parts += "-bf16";
    if (space == Space::image) parts += checkpoint_hash;
    return hash_bytes(std::as_bytes(std::span(parts)));
}

ModelIdentity identify_model(const ModelConfig& model, const std::optional<std::filesystem::path>& checkpoint,
                             const FileHash& hash) {
    const ModelFiles files = find_model(model.clip);
    const WeightsFile weights = read_weights(files.weights);
    const ModelDescription description = describe_model(files, weights);
    const std::string base_hash = model_hash(files, weights, hash);
    ModelIdentity identity;
    identity.model_id = files.id;
    identity.image_hash = identity.text_hash = space_hash(base_hash, model.precision, "", Space::text);
    identity.image_dimension = identity.text_dimension = description.vision.projection_dim();
    identity.has_text_tower = description.text.has_value();
    if (checkpoint) {
        identity.has_head = true;
        identity.image_dimension = read_checkpoint_info(*checkpoint).projection_dim;
        identity.image_hash = space_hash(base_hash, model.precision, hash(*checkpoint), Space::image);
    }
    return identity;
}

}  // namespace clipsim
