// The vector index of a table in PostgreSQL: pgvector's HNSW or IVF, or none, which is exact.
#pragma once

#include "clipsim/vectors/index_parameters.h"
#include "postgres_tables.h"

namespace clipsim {

// Throws UsageError for what pgvector (its version on this server) cannot do, before any work is done.
void check_parameters(PgConnection& connection, const IndexParameters& parameters,
                      const IndexIdentity& identity);

// Drops the vector indexes of the table and makes those of `parameters` (all resolved), in the open
// transaction.
void create_vector_indexes(PgConnection& connection, const PostgresTables& tables,
                           const IndexParameters& parameters, const IndexIdentity& identity);
bool has_vector_indexes(PgConnection& connection, const PostgresTables& tables,
                        const IndexParameters& parameters, const IndexIdentity& identity);

// How pgvector searches by an index.
struct PgSearch {
    std::string settings;  // SQL that sets how much it looks at, in the open transaction
    int candidates;        // of so many it is worth comparing the vectors in full precision
};
PgSearch pgvector_search(const IndexParameters& parameters, int k, bool iterative);
// The largest ef_search or nprobe that makes sense over so many rows.
int largest_pgvector_effort(const IndexParameters& parameters, std::int64_t rows);

// The expression that the index of a space is over, and the query's side of it: `$1::vector` made the same.
std::string indexed_expression(const IndexParameters& parameters, Space space, int dimension);
std::string query_expression(const IndexParameters& parameters, int dimension);

}  // namespace clipsim
