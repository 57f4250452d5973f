// One search of an index in PostgreSQL, as the statements of one round trip.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_reader.h"
#include "postgres_tables.h"

namespace clipsim {

// What a search has to know of an index beforehand. It reads `meta` again and is asked anew where that has
// become another.
struct PostgresState {
    PostgresSchema schema;
    PostgresTables tables;
    PostgresMeta meta;
    int pgvector = 0;  // pgvector_minor_version

    IndexIdentity identity() const { return identity_of(meta); }
    // With ef_search and nprobe of `wanted` where that has some. Before the first update has ended there is
    // no index: flat.
    IndexParameters parameters(const IndexParameters& wanted) const;
    // Whether what searches depend on is the same.
    bool serves(const PostgresMeta& newer) const;
};

struct PostgresQuestion {
    std::span<const float> vector;  // of the space, unit length
    int k = 0;
    Space space = Space::image;
    const ImageFilter& where;
};

struct PostgresAnswer {
    std::vector<FoundImage> found;
    PostgresMeta meta;   // as it was at that moment
    bool whole = false;  // fewer than k are all that there are
};

// By pgvector's index where there is one, else, or where `exact` says so, by comparing all rows. One snapshot
// and one round trip; a filter that SQL can't say takes one more before. Throws UsageError for a space of
// which no vectors are kept.
PostgresAnswer ask(PgConnection& connection, const PostgresState& state, const IndexParameters& wanted,
                   const PostgresQuestion& question, bool exact);

}  // namespace clipsim
