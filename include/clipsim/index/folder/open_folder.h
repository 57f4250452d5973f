// An index in a folder: SQLite holds the truth, files for FAISS are derived from it. open/open_index.h tells
// what the parameters mean and what is thrown.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>

#include "clipsim/core/parallel.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/index_tuning.h"
#include "clipsim/index/index_writer.h"
#include "clipsim/index/merge_indexes.h"

namespace clipsim {

std::unique_ptr<IndexReader> open_folder_reader(const std::filesystem::path& folder,
                                                const std::optional<IndexIdentity>& identity,
                                                const IndexParameters& wanted, const ThreadPool& pool);
std::unique_ptr<IndexWriter> open_folder_writer(const std::filesystem::path& folder,
                                                const IndexIdentity& identity,
                                                const IndexParameters& parameters, UpdateMode mode,
                                                int threads, const UpdateSettings& settings);
std::unique_ptr<IndexTuning> open_folder_tuning(const std::filesystem::path& folder);

// Throws UsageError where the folder holds no finished index.
MergePart open_folder_part(const std::filesystem::path& folder);

}  // namespace clipsim
