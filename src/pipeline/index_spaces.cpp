#include "clipsim/pipeline/index_spaces.h"

namespace clipsim {

Space index_space(const Embedder& embedder) {
    return embedder.has_head() ? Space::projected : Space::clip;
}

std::vector<Space> index_spaces(const Embedder& embedder, const IndexConfig& config) {
    if (!embedder.has_head()) return {Space::clip};
    if (!config.text_search || !embedder.has_text_tower()) return {Space::projected};
    return {Space::projected, Space::clip};
}

IndexIdentity index_identity(const Embedder& embedder, const IndexConfig& config) {
    const std::vector<Space> spaces = index_spaces(embedder, config);
    return {embedder.model_id(), embedder.hash(spaces[0]), embedder.dimension(spaces[0]),
            spaces.size() > 1 ? embedder.dimension(spaces[1]) : 0};
}

IndexIdentity index_identity(const ModelIdentity& model, const IndexConfig& config) {
    if (!model.has_head()) return {model.model_id, model.clip_hash, model.clip_dimension, 0};
    const bool text = config.text_search && model.has_text_tower;
    return {model.model_id, model.projected_hash, model.projected_dimension, text ? model.clip_dimension : 0};
}

}  // namespace clipsim
