// An index in a folder: SQLite holds the truth, files for FAISS are derived from it.
#pragma once

#include <filesystem>
#include <memory>

#include "clipsim/index/index_writer.h"
#include "clipsim/index/merge_indexes.h"
#include "clipsim/index/tuned_index.h"

namespace clipsim {

// threads: of building index.faiss; 0: one a core. Throws UsageError for an index of another model or a newer
// clipsim (update, dry_run), Error when another process updates it for longer than settings.wait.
std::unique_ptr<IndexWriter> open_folder_writer(const std::filesystem::path& folder,
                                                const IndexIdentity& identity, const IndexConfig& config,
                                                UpdateMode mode, int threads, const UpdateSettings& settings);

// Throws UsageError when there is no index, Error when another process updates it.
std::unique_ptr<TunedIndex> open_folder_tuning(const std::filesystem::path& folder);

// Throws UsageError where the folder holds no finished index.
MergePart open_folder_part(const std::filesystem::path& folder);

}  // namespace clipsim
