// Writing a flat or HNSW index file straight from where the vectors come from: they pass by three times and
// are never all in memory; what is, is a byte per dimension and the graph. The bytes are those of the table
// in mapped_index.h.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "clipsim/core/parallel.h"
#include "clipsim/vectors/index_parameters.h"
#include "clipsim/vectors/vector_index.h"
#include "faiss_format/mapped_index.h"

namespace clipsim {

// Writes what FAISS would write of an index with these rows (docs/formats.md; `config.type` says of which
// kind), and the rows as bytes behind it: onto the disk whole, or Error. Not atomic. Returns the file's hash.
// With a base, a flat or HNSW index whose kind is then the new one's too, the rows are added behind the
// base's: those are copied as they are stored, its graph is continued, the range of 8-bit storage stays.
// This and the next throw Interrupted after a stop request.
std::string write_index_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, const ThreadPool& pool,
                             const MappedIndex* base = nullptr, const std::stop_token& stop = {});

// IVF index files, which FAISS itself makes, as it finds the centroids: all vectors are in memory for it.
//
// vectors: [N, dimension] unit rows, at least one; ids: [N]. Onto the disk whole, or Error. Not atomic.
// Returns the file's hash.
std::string write_ivf_file(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                           std::span<const std::int64_t> ids, std::span<const float> vectors,
                           const std::stop_token& stop = {});

// The same of what `base` holds, with rows added: the centroids and ranges stay. `base` may be any index with
// an id map that FAISS reads.
std::string write_extended_by_faiss(const std::filesystem::path& file, const std::filesystem::path& base,
                                    std::span<const std::int64_t> ids, std::span<const float> vectors);

}  // namespace clipsim
