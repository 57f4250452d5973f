// Searching an index in PostgreSQL.
#pragma once

#include "clipsim/index/neighbour_source.h"

namespace clipsim {

std::unique_ptr<NeighbourSource> open_postgres_neighbours(const std::optional<IndexIdentity>& identity,
                                                          const IndexConfig& wanted);

}  // namespace clipsim
