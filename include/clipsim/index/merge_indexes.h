// One index out of those of several machines.
#pragma once

#include <filesystem>
#include <span>
#include <stop_token>

#include "clipsim/core/config.h"
#include "clipsim/core/progress.h"
#include "clipsim/index/updater.h"

namespace clipsim {

struct MergeSummary {
    UpdateReport report;
    std::size_t duplicates = 0;  // paths that several of the indexes hold
    double seconds = 0;
};

struct MergeOptions {
    int threads = 0;  // of building the index; 0: one a core
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop = {};
};

// Puts the images of all `parts` (index folders with images.db and manifest.json, as `index --shard` leaves
// them) into one index in place of what it held; `config` says where and of which kind it is. Of a path that
// several hold, the one whose file was changed last counts; of those equal, the one of the later part.
// Readers keep the earlier index until the merge is done; killed, it is begun anew. Throws UsageError for a
// part without a finished index and where models differ, Interrupted where a stop is requested.
MergeSummary merge_indexes(const std::filesystem::path& index_dir, const IndexConfig& config,
                           std::span<const std::filesystem::path> parts, const MergeOptions& options = {});

}  // namespace clipsim
