// Vectors that another tool made: an index over them, and searches with matrices of queries.
#pragma once

#include <filesystem>
#include <optional>

#include "clipsim/core/config.h"
#include "clipsim/index/updater.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct VectorIndexSummary {
    UpdateReport report;
    double seconds = 0;  // reading, storing and building
};

// Indexes the rows of a .npy matrix [N, D] (float32 or float16), brought to unit length, in output_dir/index,
// in place of what is there. `names`: a file with one line a row; without it they are called "row 0" and so
// on. Throws UsageError for a file that is no such matrix, holds values that are no numbers or rows without a
// direction, or names that do not fit.
VectorIndexSummary index_vectors(const Config& config, const std::filesystem::path& vectors,
                                 const std::optional<std::filesystem::path>& names,
                                 const RunOptions& run = {});

struct VectorSearchSummary {
    std::size_t queries = 0;
    double seconds = 0;       // the search alone
    double load_seconds = 0;  // opening the index
    int threads = 0;
    IndexConfig parameters;  // what was searched with, `type` resolved
};

// Searches an index (also one of photos) with a .npy matrix of queries [Q, D], brought to unit length, and
// writes the rows of their k nearest to `output`: .npy, int64, [Q, k], best first, -1 where there are fewer.
// A row is a vector's position in the order of ids: for index_vectors, the row of its matrix.
// one_by_one: each query is a search of its own on one thread, after the one before it.
VectorSearchSummary search_vectors(const Config& config, const std::filesystem::path& queries, int k,
                                   const std::filesystem::path& output, const RunOptions& run = {},
                                   bool one_by_one = false);

}  // namespace clipsim
