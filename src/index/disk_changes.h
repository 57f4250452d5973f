// What happened on disk since the store was written: the comparison behind IndexUpdater::plan.
#pragma once

#include <span>
#include <vector>

#include "clipsim/index/updater.h"

namespace clipsim {

struct DiskChanges {
    UpdatePlan plan;
    std::vector<StoredImage> moved;  // known id, new path, stamp or label
    std::vector<ImageEntry>
        copies;  // content that the store has, or will have once plan.to_embed is committed
    std::vector<std::int64_t> vanished;  // ids
    std::vector<StoredImage> outdated;   // their file has other content now, or they are incomplete
};

// Throws Interrupted.
DiskChanges compare_with_disk(std::span<const StoredImage> stored, std::span<const IndexCandidate> candidates,
                              std::span<const std::filesystem::path> roots, const PlanOptions& options);

}  // namespace clipsim
