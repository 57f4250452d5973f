#include "clipsim/pipeline/steps/index_spaces.h"

namespace clipsim {

std::vector<Space> index_spaces(const Embedder& embedder, const IndexConfig& config) {
    if (!embedder.has_head() || !config.text_search || !embedder.has_text_tower()) return {Space::image};
    return {Space::image, Space::text};
}

IndexIdentity index_identity(const Embedder& embedder, const IndexConfig& config) {
    const bool text = index_spaces(embedder, config).size() > 1;
    return {embedder.model_id(), embedder.hash(Space::image), embedder.dimension(Space::image),
            text ? embedder.dimension(Space::text) : 0};
}

IndexIdentity index_identity(const ModelIdentity& model, const IndexConfig& config) {
    const bool text = model.has_head && config.text_search && model.has_text_tower;
    return {model.model_id, model.image_hash, model.image_dimension, text ? model.text_dimension : 0};
}

}  // namespace clipsim
