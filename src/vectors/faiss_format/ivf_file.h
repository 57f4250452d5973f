// IVF index files, which FAISS itself makes, as it finds the centroids: all vectors are in memory for it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

// vectors: [N, dimension] unit rows, at least one; ids: [N]. Onto the disk whole, or Error. Not atomic.
// Returns the file's hash.
std::string write_ivf_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                           std::span<const std::int64_t> ids, std::span<const float> vectors);

// The same of what `base` holds, with rows added: the centroids and ranges stay. `base` may be any index with
// an id map that FAISS reads.
std::string write_extended_by_faiss(const std::filesystem::path& file, const std::filesystem::path& base,
                                    std::span<const std::int64_t> ids, std::span<const float> vectors);

}  // namespace clipsim
