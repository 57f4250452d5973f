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

int lists_for(const IndexParameters& parameters, std::int64_t rows) {
    if (parameters.ivf.nlist > 0) return parameters.ivf.nlist;
    const auto root = static_cast<int>(std::sqrt(static_cast<double>(rows)));
    return std::clamp(root, 1, most_lists);
}

}  // namespace

PgSearch pgvector_search(const IndexParameters& parameters, int k, bool iterative) {
    std::vector<std::string> settings;
    if (parameters.type == IndexType::hnsw) {
        const int wanted = parameters.hnsw.ef_search.value_or(HnswConfig::default_ef_search);
        const int effort = std::min(most_ef_search, std::max(k, wanted));
        settings.push_back(concat("SET LOCAL hnsw.ef_search = ", effort));
        if (iterative) settings.emplace_back("SET LOCAL hnsw.iterative_scan = strict_order");
        return {settings, std::max(k, effort)};
    }
    const int effort = std::min(most_lists, parameters.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    settings.push_back(concat("SET LOCAL ivfflat.probes = ", effort));
    if (iterative) settings.emplace_back("SET LOCAL ivfflat.iterative_scan = relaxed_order");
    return {settings, 2 * k};
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

std::string indexed_expression(const PostgresSchema& schema, const IndexParameters& parameters, Space space,
                               int dimension) {
    const char* column = column_of(space);
    return parameters.storage == Storage::fp16
               ? concat("(", column, "::", schema.type("halfvec"), "(", dimension, "))")
               : std::string(column);
}

std::string query_expression(const PostgresSchema& schema, const IndexParameters& parameters, int dimension) {
    const std::string vector = concat("$1::", schema.type("vector"));
    return parameters.storage == Storage::fp16
               ? concat("(", vector, "::", schema.type("halfvec"), "(", dimension, "))")
               : vector;
}

std::vector<std::string> vector_indexes(PgConnection& connection, const PostgresSchema& schema,
                                        const PostgresTables& tables) {
    const PgResult rows = connection.query(
        "SELECT c.relname::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = "
        "i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam WHERE i.indisvalid AND i.indrelid = "
        "$1::text::regclass AND m.amname IN ('hnsw', 'ivfflat')",
        {tables.images});
    std::vector<std::string> names;
    for (int row = 0; row < rows.rows(); ++row)
        names.push_back(concat(schema.quoted, ".", connection.quoted(rows.text(row, 0))));
    return names;
}

std::size_t wanted_indexes(const IndexParameters& parameters, const IndexIdentity& identity) {
    if (parameters.type == IndexType::flat) return 0;
    return identity.text_dimension > 0 ? 2 : 1;
}

void create_vector_indexes(PgConnection& connection, const PostgresSchema& schema,
                           const PostgresTables& tables, const IndexParameters& parameters,
                           const IndexIdentity& identity) {
    if (parameters.type == IndexType::flat) return;
    constexpr int since = 140000;  // the server looks whether its client is still there
    PgTransaction transaction(connection);
    if (connection.server_version() >= since)
        connection.execute("SET LOCAL client_connection_check_interval = '1s'");
    const std::int64_t rows = connection.query(concat("SELECT count(*) FROM ", tables.images)).integer(0, 0);
    const bool hnsw = parameters.type == IndexType::hnsw, half = parameters.storage == Storage::fp16;
    const std::string operators = schema.pgvector + (half ? ".halfvec_ip_ops" : ".vector_ip_ops");
    const std::string options =
        hnsw ? concat("m = ", parameters.hnsw.m, ", ef_construction = ", parameters.hnsw.ef_construction)
             : concat("lists = ", lists_for(parameters, rows));
    connection.doing(
        concat("pgvector builds the index (", to_string(parameters.type), ") of ", rows, " vectors"));
    for (const Space space : {Space::image, Space::text}) {
        const int dimension = identity.dimension_of(space);
        if (dimension == 0) continue;
        connection.execute(concat("CREATE INDEX ON ", tables.images, " USING ", hnsw ? "hnsw" : "ivfflat",
                                  " (", indexed_expression(schema, parameters, space, dimension), " ",
                                  operators, ") WITH (", options, ")"));
    }
    connection.doing("an answer");
    transaction.commit();
}

}  // namespace clipsim
