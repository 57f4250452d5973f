// Whether the parts of a merge make up a whole.
#pragma once

#include <span>

#include "clipsim/index/merge_indexes.h"

namespace clipsim {

// Each shard of one collection once: all of one number of shards and of the same folders. Indexes none of
// which is a shard are whole by themselves. Throws UsageError that names what is missing, twice or foreign.
void require_complete(std::span<const MergePart> parts);

// Of matrices: no name in two of them, for neither is the newer one. Throws UsageError.
void require_distinct_names(std::span<const MergePart> parts);

}  // namespace clipsim
