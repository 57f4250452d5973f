// An index in PostgreSQL. Where this program was built without libpq, each call throws UsageError.
#pragma once

#include <memory>
#include <optional>

#include "clipsim/index/index_writer.h"
#include "clipsim/index/neighbour_source.h"
#include "clipsim/index/tuned_index.h"

namespace clipsim {

// Of the settings: wait and stop. Throws UsageError for an index of another model or a newer clipsim (update,
// dry_run) and for what pgvector cannot do, Error when another process updates it for longer than
// settings.wait.
std::unique_ptr<IndexWriter> open_postgres_writer(const IndexIdentity& identity, const IndexConfig& config,
                                                  UpdateMode mode, const UpdateSettings& settings);

// Throws UsageError when there is no index or it was made with another model than `identity`, where that is
// given (the message says to run `clipsim index`). ef_search and nprobe are the index's own where `wanted`
// gives none.
std::unique_ptr<NeighbourSource> open_postgres_neighbours(const std::optional<IndexIdentity>& identity,
                                                          const IndexConfig& wanted);

// Throws UsageError when there is no index, Error when another process updates it.
std::unique_ptr<TunedIndex> open_postgres_tuning(const IndexConfig& config);

}  // namespace clipsim
