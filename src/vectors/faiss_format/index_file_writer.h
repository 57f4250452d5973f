// Writing an index file straight from where the vectors come from: they pass by three times and are never all
// in memory; what is, is a byte a dimension and the graph.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>

#include "clipsim/vectors/index_parameters.h"
#include "clipsim/vectors/vector_index.h"

namespace clipsim {

// Writes what faiss::write_index would write of build_faiss_index's result (flat or HNSW, `config.type` says
// which), and the rows as bytes behind it: onto the disk whole, or Error. Not atomic. Returns the file's
// hash.
std::string write_index_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, int threads);

}  // namespace clipsim
