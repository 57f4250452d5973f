// The vector index of a table in PostgreSQL: pgvector's HNSW or IVF, or none, which is exact.
#pragma once

#include "clipsim/core/config.h"
#include "postgres_tables.h"

namespace clipsim {

// Throws UsageError for what pgvector (its version on this server) cannot do, before any work is done.
void check_index_config(PgConnection& connection, const IndexConfig& config, const IndexIdentity& identity);

// Drops the vector indexes of the table and makes those of `config` (all resolved), in the open transaction.
void create_vector_indexes(PgConnection& connection, const PostgresTables& tables, const IndexConfig& config,
                           const IndexIdentity& identity);
bool has_vector_indexes(PgConnection& connection, const PostgresTables& tables, const IndexConfig& config,
                        const IndexIdentity& identity);

// How many lists an IVF index over so many rows has.
int lists_for(const IndexConfig& config, std::int64_t rows);

// What the table was indexed with last, as JSON in meta; nothing where it never was.
std::string index_config_text(const IndexConfig& config);
IndexConfig parse_index_config(const std::string& text);

// The expression that the index of a space is over, and the query's side of it: `$1::vector` made the same.
std::string indexed_expression(const IndexConfig& config, IndexSpace space, int dimension);
std::string query_expression(const IndexConfig& config, int dimension);

}  // namespace clipsim
