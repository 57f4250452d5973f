// The FAISS index that a config asks for, filled: what goes to index.faiss.
#pragma once

#include <faiss/IndexIDMap.h>

#include <cstdint>
#include <memory>
#include <span>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

// vectors: [N, dimension] unit rows, ids: [N]; threads 0: one a core. `config.type` automatic is resolved.
std::unique_ptr<faiss::IndexIDMap2> build_faiss_index(const IndexParameters& config, int dimension,
                                                      std::span<const std::int64_t> ids,
                                                      std::span<const float> vectors, int threads);

// Adds rows behind those there are; `config` resolved, the one that the index was built with.
void add_to_faiss_index(faiss::IndexIDMap2& map, const IndexParameters& config,
                        std::span<const std::int64_t> ids, std::span<const float> vectors, int threads);

}  // namespace clipsim
