// An index of unit vectors by inner product, with ids: in a file that FAISS reads too, or exact in memory. No
// FAISS in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/core/parallel.h"
#include "clipsim/vectors/index_parameters.h"
#include "clipsim/vectors/row_filter.h"

namespace clipsim {

struct Neighbour {
    std::int64_t id = 0;
    float score = 0;  // inner product of unit vectors: cosine similarity
};

// The k nearest of each of several queries, [Q, k], best first.
struct NearestRows {
    NearestRows(std::size_t queries, std::size_t width)
        : k(width), rows(queries * k, -1), scores(queries * k, std::numeric_limits<float>::quiet_NaN()) {}
    void set(std::size_t query, std::size_t rank, std::int64_t row, float score) {
        rows[query * k + rank] = row;
        scores[query * k + rank] = score;
    }

    std::size_t k;
    std::vector<std::int64_t> rows;  // positions in the ascending order of all ids; -1 where there are fewer
    std::vector<float> scores;       // NaN where there are fewer
};

// Gives all vectors to `take`, block after block (ids: [N], ascending; vectors: [N, dimension], unit rows);
// the same each time it is called.
using TakeVectors = std::function<void(std::span<const std::int64_t> ids, std::span<const float> vectors)>;
using VectorBlocks = std::function<void(const TakeVectors& take)>;

class VectorIndex {
  public:
    // Writes an index of what `vectors` gives to `file`: onto the disk whole, or Error; not atomic. Returns
    // the file's hash. The vectors are never all in memory, but for an IVF index. `config.type` automatic is
    // resolved by resolve_index_type. The file does not depend on the number of threads. Throws Interrupted
    // soon after a stop request; so does write_extended.
    static std::string write(const std::filesystem::path& file, const IndexParameters& config, int dimension,
                             const VectorBlocks& vectors, const ThreadPool& pool = ThreadPool(),
                             const std::stop_token& stop = {});
    // Writes to `file`, another one, what the index file `base` holds and rows behind it: ids above all of
    // base's [N], vectors [N, dimension]. A graph is continued, as good as one built of all at once; the
    // cells of an IVF index and the range of 8-bit storage stay. Only of an IVF index are all vectors in
    // memory. Throws Error, also where `base` is damaged or of another dimension.
    static std::string write_extended(const std::filesystem::path& file, const std::filesystem::path& base,
                                      const IndexParameters& config, int dimension,
                                      std::span<const std::int64_t> ids, std::span<const float> vectors,
                                      const ThreadPool& pool = ThreadPool(),
                                      const std::stop_token& stop = {});
    // Maps the file where it is of a kind that clipsim writes: what no search touches is not read. Throws
    // Error for a file that FAISS can't read either or whose dimension differs.
    static VectorIndex open(const std::filesystem::path& file, const IndexParameters& config, int dimension);
    // An exact index in memory. vectors: [N, dimension] unit rows, ids: [N], ascending.
    static VectorIndex exact(int dimension, std::vector<std::int64_t> ids, std::vector<float> vectors);

    ~VectorIndex();
    VectorIndex(VectorIndex&&) noexcept;
    VectorIndex& operator=(VectorIndex&&) noexcept;

    // The k nearest, best first; fewer when the index holds fewer. With a filter (of size() rows) the k
    // nearest among those that it allows, and fewer only when it allows fewer. An exact search of many rows
    // uses the pool's threads. Thread-safe.
    std::vector<Neighbour> search(std::span<const float> query, int k, const RowFilter* filter = nullptr,
                                  const ThreadPool& pool = ThreadPool(1)) const;
    // The same for a matrix of queries [Q, dimension].
    NearestRows search_rows(std::span<const float> queries, int k, const RowFilter* filter = nullptr,
                            const ThreadPool& pool = ThreadPool(1)) const;
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
