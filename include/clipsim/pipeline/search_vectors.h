// Searches with a matrix of queries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct VectorSearchRequest {
    std::filesystem::path queries;  // .npy [Q, D], float32 or float16; brought to unit length
    std::filesystem::path output;   // .npy [Q, k], int64; "": none
    int k = 10;
    ImageFilter where;        // only these images
    bool one_by_one = false;  // each query is a search of its own on one thread, after the one before it
    std::optional<std::filesystem::path> scores{};  // .npy [Q, k], float32: cosine similarities
    bool names = false;                             // VectorSearchSummary::found
};

struct FoundRow {
    std::int64_t row = 0;
    std::string name;
    float score = 0;
};

struct VectorSearchSummary {
    std::size_t queries = 0;
    double seconds = 0;       // the search alone
    double load_seconds = 0;  // opening the index
    int threads = 0;
    IndexParameters parameters;                     // what was searched with, `type` resolved
    std::vector<std::vector<FoundRow>> found = {};  // of each query, best first; where it was asked for
};

// Searches an index (also one of photos) and writes the rows of each query's k nearest, best first, -1
// (score: NaN) where there are fewer. A row is a vector's position in the order of ids: for index_vectors,
// the row of its matrix. Throws UsageError for queries of another dimension, or that are not a matrix.
VectorSearchSummary search_vectors(const Config& config, const VectorSearchRequest& request,
                                   const RunOptions& run = {});

}  // namespace clipsim
