// The vector index of a table in PostgreSQL: pgvector's HNSW or IVF, or none, which is exact.
#pragma once

#include <string>
#include <vector>

#include "clipsim/vectors/index_parameters.h"
#include "postgres_tables.h"

namespace clipsim {

// Throws UsageError for what pgvector (its version on this server) cannot do, before any work is done.
void check_parameters(PgConnection& connection, const IndexParameters& parameters,
                      const IndexIdentity& identity);

// Makes those of `parameters` (all resolved) beside what is there, in a transaction of its own: searches go
// on meanwhile, and a client that is killed takes the work with it (from PostgreSQL 14 on).
void create_vector_indexes(PgConnection& connection, const PostgresSchema& schema,
                           const PostgresTables& tables, const IndexParameters& parameters,
                           const IndexIdentity& identity);
// Names of the indexes that there are, in SQL.
std::vector<std::string> vector_indexes(PgConnection& connection, const PostgresSchema& schema,
                                        const PostgresTables& tables);
// How many there are in a whole index.
std::size_t wanted_indexes(const IndexParameters& parameters, const IndexIdentity& identity);

// How pgvector searches by an index.
struct PgSearch {
    std::vector<std::string> settings;  // SQL that sets how much it looks at, in the open transaction
    int candidates;                     // of so many it is worth comparing the vectors in full precision
};
PgSearch pgvector_search(const IndexParameters& parameters, int k, bool iterative);
// The largest ef_search or nprobe that makes sense over so many rows.
int largest_pgvector_effort(const IndexParameters& parameters, std::int64_t rows);

// The expression that the index of a space is over, and the query's side of it: $1, a vector, made the same.
std::string indexed_expression(const PostgresSchema& schema, const IndexParameters& parameters, Space space,
                               int dimension);
std::string query_expression(const PostgresSchema& schema, const IndexParameters& parameters, int dimension);

}  // namespace clipsim
