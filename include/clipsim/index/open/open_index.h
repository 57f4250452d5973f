// An index, wherever it is kept: the one place that knows of all of them.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "clipsim/core/parallel.h"
#include "clipsim/index/index_place.h"
#include "clipsim/index/index_reader.h"
#include "clipsim/index/index_tuning.h"
#include "clipsim/index/index_writer.h"

namespace clipsim {

// ef_search and nprobe are the index's own where `wanted` gives none; pool: of exact searches
// and of matrices of queries.
// A derived file of a folder that is missing, damaged or not of its images.db is done without, with a
// warning: answers are then exact, but slower to begin. Throws UsageError when there is no index, it is
// half-written, written by a newer clipsim or of another model than `identity`, where that is given (the
// message says what to do). `stop` ends waiting for a server, in opening and in each search, with
// Interrupted.
std::unique_ptr<IndexReader> open_index_reader(const IndexPlace& place,
                                               const std::optional<IndexIdentity>& identity,
                                               const IndexParameters& wanted = {},
                                               const ThreadPool& pool = ThreadPool(),
                                               const std::stop_token& stop = {});

// threads: of building what searches use; 0: one per core. Throws UsageError for an index of another model or
// a newer clipsim (update, dry_run) and for what the place cannot do, Error when another process updates it
// for longer than settings.wait.
std::unique_ptr<IndexWriter> open_index_writer(const IndexPlace& place, const IndexIdentity& identity,
                                               const IndexParameters& parameters, UpdateMode mode,
                                               int threads = 0, const UpdateSettings& settings = {});

// Throws UsageError when there is no index, Error when another process updates it.
std::unique_ptr<IndexTuning> open_index_tuning(const IndexPlace& place, const std::stop_token& stop = {});

}  // namespace clipsim
