// An index, wherever the config says that it is kept: the one place that knows of all of them.
#pragma once

#include <filesystem>
#include <memory>

#include "clipsim/index/index_writer.h"
#include "clipsim/index/tuned_index.h"

namespace clipsim {

// folder: of an index that is kept in one. threads: of building what searches use; 0: one a core. Throws
// UsageError for an index of another model or a newer clipsim (update, dry_run), Error when another process
// updates it for longer than settings.wait.
std::unique_ptr<IndexWriter> open_index_writer(const std::filesystem::path& folder,
                                               const IndexIdentity& identity, const IndexConfig& config,
                                               UpdateMode mode, int threads = 0,
                                               const UpdateSettings& settings = {});

// Throws UsageError when there is no index, Error when another process updates it.
std::unique_ptr<TunedIndex> open_index_tuning(const std::filesystem::path& folder, const IndexConfig& config);

}  // namespace clipsim
