#include "clipsim/pipeline/steps/index_spaces.h"

namespace clipsim {

std::vector<Space> index_spaces(const Embedder& embedder, const IndexConfig& config) {
    if (!embedder.has_head() || !config.text_search || !embedder.has_text_tower()) return {Space::image};
    return {Space::image, Space::text};
}

namespace {

// Precision::automatic is fp32 where vectors are made.
std::string name_of(Precision precision) {
    return to_string(precision == Precision::automatic ? Precision::fp32 : precision);
}

}  // namespace

IndexIdentity index_identity(const Embedder& embedder, const Config& config) {
    const bool text = index_spaces(embedder, config.index).size() > 1;
    return {embedder.model_id(),
            embedder.hash(Space::image),
            embedder.dimension(Space::image),
            text ? embedder.dimension(Space::text) : 0,
            embedder.hash(Space::text),
            name_of(config.model.precision)};
}

IndexIdentity index_identity(const ModelIdentity& model, const Config& config) {
    const bool text = model.has_head && config.index.text_search && model.has_text_tower;
    return {model.model_id,        model.image_hash,
            model.image_dimension, text ? model.text_dimension : 0,
            model.text_hash,       name_of(config.model.precision)};
}

}  // namespace clipsim
