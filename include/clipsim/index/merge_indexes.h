// One index out of those of several machines.
#pragma once

#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/core/progress.h"
#include "clipsim/index/updater.h"

namespace clipsim {

struct MergeSummary {
    UpdateReport report;
    std::size_t duplicates = 0;  // paths that several of the indexes hold
    double seconds = 0;
};

struct MergeOptions {
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop = {};
};

// One of the indexes to be merged.
struct MergePart {
    std::string name;  // for messages
    IndexIdentity identity;
    std::unique_ptr<IndexStore> store;
};

// Of all the parts: that of their model, or for matrices of one dimension one made of theirs. Throws
// UsageError where models or dimensions differ, and where there are no parts.
IndexIdentity common_identity(std::span<const MergePart> parts);

// Puts the images of all parts, which are of one identity, into one index, opened for a rebuild. Of a path
// that several hold, the one whose file was changed last counts; of those equal, the one of the later part.
// Readers keep the earlier index until the merge is done; killed, it starts over. Throws Interrupted where
// a stop is requested.
MergeSummary merge_indexes(std::vector<MergePart> parts, std::unique_ptr<IndexWriter> target,
                           const MergeOptions& options = {});

}  // namespace clipsim
