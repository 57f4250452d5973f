// What --stats prints of an index: one JSON object.
#pragma once

#include <nlohmann/json.hpp>

#include "clipsim/index/index_config.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim::cli {

inline nlohmann::ordered_json parameters_json(const IndexParameters& index) {
    const nlohmann::ordered_json all = parameters_to_json(index);
    nlohmann::ordered_json parameters{{"storage", all["storage"]}};
    if (index.type == IndexType::hnsw) parameters.update(all["hnsw"]);
    if (index.type == IndexType::ivf) parameters.update(all["ivf"]);
    return parameters;
}

}  // namespace clipsim::cli
