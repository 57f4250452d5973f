#include "postgres_index.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

// pgvector's limits: https://github.com/pgvector/pgvector#reference
constexpr int halfvec_since = 7;
constexpr int most_vector_dimensions = 2000, most_halfvec_dimensions = 4000;
constexpr int most_neighbours = 100, most_construction = 1000, most_ef_search = 1000, most_lists = 32768;

[[noreturn]] void refuse(const std::string& key, const std::string& why) {
    throw UsageError(concat(key, ": ", why, " (index.backend is postgres)"));
}

PgResult vector_indexes(PgConnection& connection, const PostgresTables& tables) {
    return connection.query(
        concat("SELECT c.relname, m.amname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN "
               "pg_am m ON m.oid = "
               "c.relam WHERE i.indisvalid AND i.indrelid = '",
               tables.images, "'::regclass AND m.amname IN ('hnsw', 'ivfflat')"));
}

int lists_for(const IndexParameters& parameters, std::int64_t rows) {
    if (parameters.ivf.nlist > 0) return parameters.ivf.nlist;
    const auto root = static_cast<int>(std::sqrt(static_cast<double>(rows)));
    return std::clamp(root, 1, most_lists);
}

}  // namespace

PgSearch pgvector_search(const IndexParameters& parameters, int k, bool iterative) {
    if (parameters.type == IndexType::hnsw) {
        const int wanted = parameters.hnsw.ef_search.value_or(HnswConfig::default_ef_search);
        const int effort = std::min(most_ef_search, std::max(k, wanted));
        return {concat("SET LOCAL hnsw.ef_search = ", effort,
                       iterative ? "; SET LOCAL hnsw.iterative_scan = strict_order" : ""),
                std::max(k, effort)};
    }
    const int effort = std::min(most_lists, parameters.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    return {concat("SET LOCAL ivfflat.probes = ", effort,
                   iterative ? "; SET LOCAL ivfflat.iterative_scan = relaxed_order" : ""),
            2 * k};
}

int largest_pgvector_effort(const IndexParameters& parameters, std::int64_t rows) {
    return parameters.type == IndexType::hnsw ? most_ef_search : lists_for(parameters, rows);
}

void check_parameters(PgConnection& connection, const IndexParameters& parameters,
                      const IndexIdentity& identity) {
    if (parameters.storage == Storage::int8)
        refuse("index.storage", "pgvector has no int8 vectors; use fp32 or fp16");
    const bool half = parameters.storage == Storage::fp16;
    if (half && pgvector_minor_version(connection) < halfvec_since)
        refuse("index.storage", "fp16 takes pgvector 0.7 or later on the server; use fp32");
    if (parameters.type == IndexType::flat) return;
    const int limit = half ? most_halfvec_dimensions : most_vector_dimensions;
    if (parameters.type != IndexType::automatic &&
        std::max(identity.dimension, identity.text_dimension) > limit)
        refuse("index.type", concat("pgvector indexes at most ", limit, " dimensions",
                                    half ? "" : " (4000 with index.storage=fp16)", "; use flat"));
    if (parameters.hnsw.m > most_neighbours) refuse("index.hnsw.m", "pgvector takes at most 100");
    if (parameters.hnsw.ef_construction > most_construction)
        refuse("index.hnsw.ef_construction", "pgvector takes at most 1000");
    if (parameters.hnsw.ef_construction < 2 * parameters.hnsw.m)
        refuse("index.hnsw.ef_construction", "pgvector takes at least twice index.hnsw.m");
    if (parameters.ivf.nlist > most_lists) refuse("index.ivf.nlist", "pgvector takes at most 32768");
}

std::string indexed_expression(const IndexParameters& parameters, Space space, int dimension) {
    const char* column = column_of(space);
    return parameters.storage == Storage::fp16 ? concat("(", column, "::halfvec(", dimension, "))")
                                               : std::string(column);
}

std::string query_expression(const IndexParameters& parameters, int dimension) {
    return parameters.storage == Storage::fp16 ? concat("($1::vector::halfvec(", dimension, "))")
                                               : "$1::vector";
}

void create_vector_indexes(PgConnection& connection, const PostgresTables& tables,
                           const IndexParameters& parameters, const IndexIdentity& identity) {
    const PgResult old = vector_indexes(connection, tables);
    for (int row = 0; row < old.rows(); ++row)
        connection.execute(concat("DROP INDEX ", connection.quoted(old.text(row, 0))));
    if (parameters.type == IndexType::flat) return;
    const std::int64_t rows = connection.query(concat("SELECT count(*) FROM ", tables.images)).integer(0, 0);
    const bool hnsw = parameters.type == IndexType::hnsw;
    for (const Space space : {Space::image, Space::text}) {
        const int dimension = identity.dimension_of(space);
        if (dimension == 0) continue;
        const std::string options =
            hnsw ? concat("m = ", parameters.hnsw.m, ", ef_construction = ", parameters.hnsw.ef_construction)
                 : concat("lists = ", lists_for(parameters, rows));
        connection.execute(concat("CREATE INDEX ON ", tables.images, " USING ", hnsw ? "hnsw" : "ivfflat",
                                  " (", indexed_expression(parameters, space, dimension),
                                  parameters.storage == Storage::fp16 ? " halfvec_ip_ops" : " vector_ip_ops",
                                  ") WITH (", options, ")"));
    }
}

bool has_vector_indexes(PgConnection& connection, const PostgresTables& tables,
                        const IndexParameters& parameters, const IndexIdentity& identity) {
    const PgResult indexes = vector_indexes(connection, tables);
    if (parameters.type == IndexType::flat) return indexes.rows() == 0;
    return indexes.rows() == (identity.text_dimension > 0 ? 2 : 1);
}

}  // namespace clipsim
