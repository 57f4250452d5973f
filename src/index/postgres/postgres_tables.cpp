#include "postgres_tables.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/index_config.h"
#include "clipsim/index/index_roots.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

namespace {

constexpr int schema_version = 2;  // 1: without ctime_ns

std::string text_of(const PostgresMeta& meta, const std::string& key) {
    const auto found = meta.find(key);
    return found == meta.end() ? std::string{} : found->second;
}

int number_of(const PostgresMeta& meta, const std::string& key) {
    const std::string text = text_of(meta, key);
    return text.empty() ? 0 : std::stoi(text);
}

}  // namespace

void use_schema(PgConnection& connection, const std::string& schema, bool create) {
    if (create) {
        connection.execute(concat("CREATE SCHEMA IF NOT EXISTS ", connection.quoted(schema)));
        const bool has = connection.query("SELECT 1 FROM pg_extension WHERE extname = 'vector'").rows() > 0;
        const bool could =
            connection.query("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").rows() > 0;
        if (!has && could) connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public");
    }
    const PgResult extension = connection.query(
        "SELECT n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = "
        "'vector'");
    if (extension.rows() == 0) {
        throw UsageError(
            "the PostgreSQL server has no pgvector; install it and run CREATE EXTENSION vector (see "
            "docs/beyond-one-machine.md)");
    }
    connection.execute(concat("SET search_path = ", connection.quoted(schema), ", ",
                              connection.quoted(extension.text(0, 0))));
}

bool tables_exist(PgConnection& connection, const PostgresTables& tables) {
    return connection
               .query(concat("SELECT 1 FROM pg_class WHERE relname = '", tables.meta,
                             "' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = "
                             "current_schema())"))
               .rows() > 0;
}

void create_tables(PgConnection& connection, const PostgresTables& tables, const IndexIdentity& identity) {
    PgTransaction transaction(connection);
    // Both kinds of tables draw on one sequence, so that an id is never used again.
    connection.execute(concat("CREATE SEQUENCE IF NOT EXISTS image_ids;", "CREATE TABLE ", tables.meta,
                              " (key text PRIMARY KEY, value text NOT NULL);", "CREATE TABLE ", tables.images,
                              " (id bigint PRIMARY KEY DEFAULT nextval('image_ids'), path bytea NOT NULL,"
                              " size bigint NOT NULL, mtime_ns bigint NOT NULL, content_hash text NOT NULL,"
                              " label bytea NOT NULL, vector vector(",
                              identity.dimension, ") NOT NULL, ctime_ns bigint NOT NULL DEFAULT 0);",
                              // A path may be longer than an entry of an index.
                              "CREATE UNIQUE INDEX ON ", tables.images, " (sha256(path));",
                              "CREATE INDEX ON ", tables.images, " (label);"));
    set_meta(connection, tables, "schema_version", std::to_string(schema_version));
    set_meta(connection, tables, "model_id", printable(identity.model_id));
    set_meta(connection, tables, "model_hash", identity.model_hash);
    set_meta(connection, tables, "dimension", std::to_string(identity.dimension));
    set_meta(connection, tables, "joint_dimension", "0");
    set_meta(connection, tables, "base_hash", identity.base_hash);
    set_meta(connection, tables, "precision", identity.precision);
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    set_meta(connection, tables, "generation",
             std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    transaction.commit();
}

void migrate(PgConnection& connection, const PostgresTables& tables) {
    if (knows_ctimes(read_meta(connection, tables))) return;
    PgTransaction transaction(connection);
    connection.execute(concat("ALTER TABLE ", tables.images,
                              " ADD COLUMN IF NOT EXISTS ctime_ns bigint NOT NULL DEFAULT 0"));
    set_meta(connection, tables, "schema_version", std::to_string(schema_version));
    transaction.commit();
}

bool knows_ctimes(const PostgresMeta& meta) {
    return number_of(meta, "schema_version") >= 2;
}

std::vector<std::filesystem::path> roots_of(const PostgresMeta& meta) {
    return decode_paths(text_of(meta, "roots"));
}

void drop_tables(PgConnection& connection, const PostgresTables& tables) {
    connection.execute(concat("DROP TABLE IF EXISTS ", tables.images, ", ", tables.meta));
}

void swap_in_staging(PgConnection& connection) {
    const PostgresTables current = PostgresTables::current(), staging = PostgresTables::staging();
    drop_tables(connection, current);
    connection.execute(concat("ALTER TABLE ", staging.images, " RENAME TO ", current.images, "; ALTER TABLE ",
                              staging.meta, " RENAME TO ", current.meta));
}

PostgresMeta read_meta(PgConnection& connection, const PostgresTables& tables) {
    const PgResult rows = connection.query(concat("SELECT key, value FROM ", tables.meta));
    PostgresMeta meta;
    for (int row = 0; row < rows.rows(); ++row) meta[rows.text(row, 0)] = rows.text(row, 1);
    return meta;
}

void set_meta(PgConnection& connection, const PostgresTables& tables, const std::string& key,
              const std::string& value) {
    connection.query(concat("INSERT INTO ", tables.meta,
                            " VALUES ($1::text, $2::text) ON CONFLICT (key) DO UPDATE SET value = "
                            "EXCLUDED.value"),
                     {key, value});
}

std::optional<IndexParameters> indexed_parameters(const PostgresMeta& meta) {
    const auto known = meta.find("index");
    if (known == meta.end()) return std::nullopt;
    return parameters_from_json(nlohmann::ordered_json::parse(known->second), "the index in PostgreSQL");
}

void set_indexed_parameters(PgConnection& connection, const PostgresTables& tables,
                            const IndexParameters& parameters) {
    set_meta(connection, tables, "index", parameters_to_json(parameters).dump());
}

void next_generation(PgConnection& connection, const PostgresTables& tables) {
    connection.execute(
        concat("UPDATE ", tables.meta, " SET value = (value::bigint + 1)::text WHERE key = 'generation'"));
}

void check_meta(const PostgresMeta& meta, const std::string& schema, const IndexIdentity& wanted) {
    if (const int version = number_of(meta, "schema_version"); version > schema_version) {
        throw Error(concat("the index in the PostgreSQL schema ", schema,
                           " was written by a newer clipsim (schema ", version, ", this one knows ",
                           schema_version, "); use that one or run `clipsim index --rebuild`"));
    }
    check_same_model(concat("the PostgreSQL schema ", schema), identity_of(meta), wanted);
}

IndexIdentity identity_of(const PostgresMeta& meta) {
    return {text_of(meta, "model_id"),          text_of(meta, "model_hash"), number_of(meta, "dimension"),
            number_of(meta, "joint_dimension"), text_of(meta, "base_hash"),  text_of(meta, "precision")};
}

void keep_text_vectors(PgConnection& connection, const PostgresTables& tables, int dimension) {
    if (identity_of(read_meta(connection, tables)).text_dimension == dimension) return;
    PgTransaction transaction(connection);
    connection.execute(concat("ALTER TABLE ", tables.images, " DROP COLUMN IF EXISTS joint_vector"));
    if (dimension > 0) {
        connection.execute(
            concat("ALTER TABLE ", tables.images, " ADD COLUMN joint_vector vector(", dimension, ")"));
    }
    set_meta(connection, tables, "joint_dimension", std::to_string(dimension));
    next_generation(connection, tables);
    transaction.commit();
}

int pgvector_minor_version(PgConnection& connection) {
    const PgResult version = connection.query("SELECT extversion FROM pg_extension WHERE extname = 'vector'");
    const std::string text = version.rows() == 0 ? "0.0" : version.text(0, 0);
    const int major = std::stoi(text);
    return major > 0 ? 1000 * major : std::stoi(text.substr(text.find('.') + 1));
}

}  // namespace clipsim
