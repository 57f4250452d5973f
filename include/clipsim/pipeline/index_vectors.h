// Vectors that another tool made: an index over them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "clipsim/index/updater.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"

namespace clipsim {

struct VectorIndexSummary {
    UpdateReport report;
    double seconds = 0;  // reading, storing and building
};

// Indexes the rows of a .npy matrix [N, D] (float32 or float16), brought to unit length, in output_dir/index,
// in place of the index of an earlier matrix of that name; of any other index only where `rebuild` says so.
// `names`: a file with one line per row; without it they are called "row 0" and so on. Throws UsageError for
// a file that is not such a matrix, holds values that are not numbers or rows without a direction, names that
// do not fit, or an index of photos.
VectorIndexSummary index_vectors(const Config& config, const std::filesystem::path& vectors,
                                 const std::optional<std::filesystem::path>& names, bool rebuild = false,
                                 const RunOptions& run = {});

// Adds the rows of a matrix [N, D] of the same dimension to an index of another tool's vectors. Without
// `names` the rows are numbered on. Throws UsageError as index_vectors does, and where the index is one of
// photos, has other dimensions, or has one of the names already; then nothing is changed.
VectorIndexSummary add_vectors(const Config& config, const std::filesystem::path& vectors,
                               const std::optional<std::filesystem::path>& names, const RunOptions& run = {});

// Takes rows out of such an index by their names or by globs, as remove_images does.
std::vector<StoredImage> remove_vectors(const Config& config, const std::vector<std::string>& names,
                                        bool dry_run, const RunOptions& run = {});

}  // namespace clipsim
