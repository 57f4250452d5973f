// The FAISS index derived from the store: unit vectors by inner product, ids of images.db. No FAISS in this
// header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "clipsim/vectors/index_parameters.h"
#include "clipsim/vectors/row_filter.h"

namespace clipsim {

struct Neighbour {
    std::int64_t id = 0;
    float score = 0;  // inner product of unit vectors: cosine similarity
};

// Gives all vectors to `take`, block after block (ids: [N], ascending; vectors: [N, dimension], unit rows);
// the same each time it is called.
using TakeVectors = std::function<void(std::span<const std::int64_t> ids, std::span<const float> vectors)>;
using VectorBlocks = std::function<void(const TakeVectors& take)>;

class VectorIndex {
  public:
    // vectors: [N, dimension] unit rows, ids: [N]. `config.type` automatic is resolved by resolve_index_type.
    // The result does not depend on the number of threads (0: one a core).
    static VectorIndex build(const IndexParameters& config, int dimension, std::span<const std::int64_t> ids,
                             std::span<const float> vectors, int threads = 0);
    // Builds an index of what `vectors` gives and writes it to `file`: onto the disk whole, or Error; not
    // atomic. Returns the file's hash. The vectors are never all in memory, but for an IVF index.
    static std::string write(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, int threads = 0);
    // Maps the file where it is of a kind that clipsim writes: what no search touches is not read. Throws
    // Error for a file that FAISS can't read either or whose dimension differs.
    static VectorIndex open(const std::filesystem::path& file, const IndexParameters& config, int dimension);
    std::string save(const std::filesystem::path& file) const;  // atomic; returns the file's hash
    // The same without the renaming: onto the disk whole, or Error.
    std::string write(const std::filesystem::path& file) const;
    // Adds rows behind those there are: ids above theirs [N], vectors [N, dimension]. As good a graph as one
    // built of all at once; the cells of an IVF index and the range of 8-bit storage stay those of before.
    // A mapped index is read into memory for it. Throws Error, after which the index is of no use any more.
    // Not while a search is under way.
    void add(const IndexParameters& config, std::span<const std::int64_t> ids, std::span<const float> vectors,
             int threads = 0);

    ~VectorIndex();
    VectorIndex(VectorIndex&&) noexcept;
    VectorIndex& operator=(VectorIndex&&) noexcept;

    // The k nearest, best first; fewer when the index holds fewer. With a filter (of size() rows) the k
    // nearest among those that it allows, and fewer only when it allows fewer. Thread-safe.
    std::vector<Neighbour> search(std::span<const float> query, int k,
                                  const RowFilter* filter = nullptr) const;
    // The same for a matrix of queries [Q, dimension] on several threads (0: one a core), by the vectors'
    // positions in build()'s matrix: [Q, k], best first, -1 where there are fewer.
    std::vector<std::int64_t> search_rows(std::span<const float> queries, int k, int threads = 0,
                                          const RowFilter* filter = nullptr) const;
    std::int64_t size() const;
    std::span<const std::int64_t> ids() const;  // of the rows, ascending
    // ef_search and nprobe of the config from now on. Not while a search is under way.
    void set_search_parameters(const IndexParameters& config);

  private:
    struct Impl;
    explicit VectorIndex(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

// `stored`, an index's own parameters, with those of a search that `wanted` gives in place of its own.
IndexParameters with_search_parameters(IndexParameters stored, const IndexParameters& wanted);

// Those of an index's own parameters that an index has to be built anew for: without what searches alone use,
// and without those of other types.
IndexParameters built_parameters(const IndexParameters& resolved);

// `index.type: auto`, wherever an index is kept: flat below 50,000 vectors, where an exact scan takes about a
// millisecond, hnsw from there on.
IndexType resolve_index_type(IndexType type, std::int64_t vectors);

}  // namespace clipsim
