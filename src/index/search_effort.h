// How much a search looks at, by the type of the index: what is called how, and from where on it makes sense.
#pragma once

#include <optional>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

struct SearchEffort {
    const char* key;            // "ef_search"
    const char* build_keys;     // what helps where no effort finds enough
    int least;                  // for the k nearest
    std::optional<int>& value;  // in the parameters
};

// Nothing for a type that is exact.
inline std::optional<SearchEffort> search_effort(IndexParameters& parameters, int k) {
    switch (parameters.type) {
        case IndexType::hnsw:
            return SearchEffort{"ef_search", "index.hnsw.m or ef_construction", k, parameters.hnsw.ef_search};
        case IndexType::ivf:
            return SearchEffort{"nprobe", "index.ivf.nlist", 1, parameters.ivf.nprobe};
        case IndexType::flat:
        case IndexType::automatic:
            break;
    }
    return std::nullopt;
}

}  // namespace clipsim
