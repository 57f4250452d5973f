// Many files embedded by all processes of a group: each takes every so-manyth batch, and all get all vectors.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <vector>

#include "clipsim/distributed/process_group.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/pipeline/steps/embedding_stream.h"

namespace clipsim {

// Calls `take` for each batch, in the order of the files but for those that can't be read; `files` are the
// same on all processes, and batch.files positions in them. Returns what could not be read. Throws
// Interrupted after a stop request to any process, with `stopped` as its text, and LostProcessError.
std::vector<SkippedImage> embed_together(ProcessGroup& processes, Embedder& embedder,
                                         std::span<const std::filesystem::path> files,
                                         const std::vector<Space>& spaces, const DataConfig& data,
                                         const RunOptions& run, const char* stopped,
                                         const std::function<void(const EmbeddedBatch&)>& take);

}  // namespace clipsim
