#include "postgres_tables.h"

#include <chrono>

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/core/utf8.h"
#include "clipsim/index/index_config.h"
#include "clipsim/index/index_roots.h"
#include "clipsim/vectors/index_parameters.h"
#include "postgres_ownership.h"

namespace clipsim {

namespace {

constexpr int schema_version = 3;         // 1: without ctime_ns; 2: without machine
constexpr std::size_t longest_name = 63;  // the server would cut it: two long names could mean one schema

int number_of(const PostgresMeta& meta, const std::string& key) {
    const std::string text = text_of(meta, key);
    return text.empty() ? 0 : std::stoi(text);
}

// What the user may not do is said with who may.
void create_schema(PgConnection& connection, const std::string& quoted) {
    try {
        connection.execute(concat("CREATE SCHEMA ", quoted));
    } catch (const Error& error) {
        if (connection.is_broken()) throw;
        throw UsageError(concat(error.what(), "; an administrator makes the schema once: CREATE SCHEMA ",
                                quoted, " AUTHORIZATION (the user)"));
    }
}

void create_extension(PgConnection& connection) {
    try {
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public");
    } catch (const Error& error) {
        if (connection.is_broken()) throw;
        throw UsageError(concat(error.what(),
                                "; an administrator adds pgvector to the database once: CREATE EXTENSION "
                                "vector (see docs/beyond-one-machine.md)"));
    }
}

// The schema that pgvector is in; nothing where it is not in the database.
std::optional<std::string> schema_of_pgvector(PgConnection& connection) {
    const PgResult row = connection.query(
        "SELECT n.nspname::text FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = "
        "e.extnamespace WHERE e.extname = 'vector'");
    if (row.rows() == 0) return std::nullopt;
    return row.text(0, 0);
}

bool has(PgConnection& connection, const std::string& sql, const std::vector<std::string>& values = {}) {
    return connection.query(sql, values).rows() > 0;
}

// Who owned the old table, and who may do what with it, as statements for the new one.
std::vector<std::string> rights_of(PgConnection& connection, const std::string& old_table,
                                   const std::string& new_table) {
    std::vector<std::string> statements;
    const PgResult owner = connection.query(
        "SELECT pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(relowner)), relowner <> (SELECT oid FROM "
        "pg_catalog.pg_roles WHERE rolname = current_user) FROM pg_catalog.pg_class WHERE oid = "
        "$1::text::regclass",
        {old_table});
    const PgResult grants = connection.query(
        "SELECT pg_catalog.format('%s ON %s TO %s%s', a.privilege_type, $2::text, CASE a.grantee WHEN 0 THEN "
        "'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(a.grantee)) END, CASE WHEN "
        "a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM pg_catalog.pg_class c, "
        "pg_catalog.aclexplode(c.relacl) a WHERE c.oid = $1::text::regclass AND a.grantee <> c.relowner",
        {old_table, new_table});
    for (int row = 0; row < grants.rows(); ++row) statements.push_back("GRANT " + grants.text(row, 0));
    if (owner.truth(0, 1))
        statements.push_back(concat("ALTER TABLE ", new_table, " OWNER TO ", owner.text(0, 0)));
    return statements;
}

}  // namespace

std::string text_of(const PostgresMeta& meta, const std::string& key) {
    const auto found = meta.find(key);
    return found == meta.end() ? std::string{} : found->second;
}

void check_schema_name(const std::string& name) {
    const char* problem = nullptr;
    if (name.empty()) problem = "it is empty";
    if (name.size() > longest_name) problem = "PostgreSQL's names have at most 63 bytes";
    if (!is_utf8(name) || name.find('\0') != std::string::npos) problem = "it is not UTF-8";
    if (problem != nullptr)
        throw UsageError(concat("index.postgres.schema ", printable(name), ": ", problem));
}

PostgresSchema open_schema(PgConnection& connection, const std::string& name, bool create) {
    check_schema_name(name);
    PostgresSchema schema{name, connection.quoted(name), {}};
    // Asked for only where it is needed: the owner of a schema may lack the right to make one.
    if (create && !has(connection, "SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text", {name}))
        create_schema(connection, schema.quoted);
    std::optional<std::string> pgvector = schema_of_pgvector(connection);
    if (!pgvector && create &&
        has(connection, "SELECT 1 FROM pg_catalog.pg_available_extensions WHERE name = 'vector'")) {
        create_extension(connection);
        pgvector = schema_of_pgvector(connection);
    }
    if (!pgvector) {
        throw UsageError(
            "the PostgreSQL server has no pgvector; install it and run CREATE EXTENSION vector (see "
            "docs/beyond-one-machine.md)");
    }
    schema.pgvector = connection.quoted(*pgvector);
    return schema;
}

void create_tables(PgConnection& connection, const PostgresSchema& schema, const PostgresTables& tables,
                   const IndexIdentity& identity) {
    check_sequence(connection, schema);
    const std::string ids = schema.quoted + ".image_ids";
    PgTransaction transaction(connection);
    // Both kinds of tables draw on one sequence, so that an id is never used again.
    connection.execute(concat("CREATE SEQUENCE IF NOT EXISTS ", ids, "; CREATE TABLE ", tables.meta,
                              " (key text PRIMARY KEY, value text NOT NULL); CREATE TABLE ", tables.images,
                              " (id bigint PRIMARY KEY DEFAULT nextval(", connection.literal(ids),
                              "), path bytea NOT NULL,"
                              " size bigint NOT NULL, mtime_ns bigint NOT NULL, content_hash text NOT NULL,"
                              " label bytea NOT NULL, vector ",
                              schema.type("vector"), "(", identity.dimension,
                              ") NOT NULL, ctime_ns bigint NOT NULL DEFAULT 0,"
                              " machine text NOT NULL DEFAULT '');",
                              // A path may be longer than an entry of an index.
                              "CREATE UNIQUE INDEX ON ", tables.images, " (sha256(path));",
                              "CREATE INDEX ON ", tables.images, " (label);"));
    mark_sequence(connection, schema);
    mark_as_clipsims(connection, tables);
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
    if (knows_machines(read_meta(connection, tables))) return;
    PgTransaction transaction(connection);
    connection.execute(concat("ALTER TABLE ", tables.images,
                              " ADD COLUMN IF NOT EXISTS ctime_ns bigint NOT NULL DEFAULT 0,"
                              " ADD COLUMN IF NOT EXISTS machine text NOT NULL DEFAULT ''"));
    mark_as_clipsims(connection, tables);
    set_meta(connection, tables, "schema_version", std::to_string(schema_version));
    transaction.commit();
}

bool knows_ctimes(const PostgresMeta& meta) {
    return number_of(meta, "schema_version") >= 2;
}

bool knows_machines(const PostgresMeta& meta) {
    return number_of(meta, "schema_version") >= 3;
}

std::vector<std::filesystem::path> roots_of(const PostgresMeta& meta) {
    return decode_paths(text_of(meta, "roots"));
}

void drop_tables(PgConnection& connection, const PostgresTables& tables) {
    if (!tables_are_there(connection, tables)) return;
    connection.execute(concat("DROP TABLE ", tables.images, ", ", tables.meta));
}

void swap_in_staging(PgConnection& connection, const PostgresSchema& schema) {
    const PostgresTables current = PostgresTables::current(schema), staging = PostgresTables::staging(schema);
    std::vector<std::string> rights;
    if (tables_are_there(connection, current)) {
        connection.execute(
            concat("LOCK TABLE ", current.images, ", ", current.meta, " IN ACCESS EXCLUSIVE MODE"));
        rights = rights_of(connection, current.images, current.images);
        const std::vector<std::string> of_meta = rights_of(connection, current.meta, current.meta);
        rights.insert(rights.end(), of_meta.begin(), of_meta.end());
        drop_tables(connection, current);
    }
    connection.execute(concat("ALTER TABLE ", staging.images, " RENAME TO ", current.images_name,
                              "; ALTER TABLE ", staging.meta, " RENAME TO ", current.meta_name));
    for (const std::string& statement : rights) connection.execute(statement);
}

std::string read_meta_sql(const PostgresTables& tables) {
    return concat("SELECT key, value FROM ", tables.meta);
}

PostgresMeta meta_of(const PgResult& rows) {
    PostgresMeta meta;
    for (int row = 0; row < rows.rows(); ++row) meta[rows.text(row, 0)] = rows.text(row, 1);
    return meta;
}

PostgresMeta read_meta(PgConnection& connection, const PostgresTables& tables) {
    return meta_of(connection.query(read_meta_sql(tables)));
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

void check_meta(const PostgresMeta& meta, const std::string& schema, const IndexIdentity& wanted,
                IndexUse use) {
    if (const int version = number_of(meta, "schema_version"); version > schema_version) {
        throw Error(concat("the index in the PostgreSQL schema ", schema,
                           " was written by a newer clipsim (schema ", version, ", this one knows ",
                           schema_version, "); use that one or run `clipsim index --rebuild`"));
    }
    check_same_model(concat("the PostgreSQL schema ", schema), identity_of(meta), wanted, use);
}

IndexIdentity identity_of(const PostgresMeta& meta) {
    return {text_of(meta, "model_id"),          text_of(meta, "model_hash"), number_of(meta, "dimension"),
            number_of(meta, "joint_dimension"), text_of(meta, "base_hash"),  text_of(meta, "precision")};
}

void keep_text_vectors(PgConnection& connection, const PostgresSchema& schema, const PostgresTables& tables,
                       int dimension) {
    if (identity_of(read_meta(connection, tables)).text_dimension == dimension) return;
    PgTransaction transaction(connection);
    connection.execute(concat("ALTER TABLE ", tables.images, " DROP COLUMN IF EXISTS joint_vector"));
    if (dimension > 0) {
        connection.execute(concat("ALTER TABLE ", tables.images, " ADD COLUMN joint_vector ",
                                  schema.type("vector"), "(", dimension, ")"));
    }
    set_meta(connection, tables, "joint_dimension", std::to_string(dimension));
    next_generation(connection, tables);
    transaction.commit();
}

std::string lock_for_reading(const PostgresTables& tables) {
    return concat("LOCK TABLE ", tables.images, ", ", tables.meta, " IN ACCESS SHARE MODE");
}

int pgvector_minor_version(const PgResult& version) {
    const std::string text = version.rows() == 0 ? "0.0" : version.text(0, 0);
    const int major = std::stoi(text);
    return major > 0 ? 1000 * major : std::stoi(text.substr(text.find('.') + 1));
}

int pgvector_minor_version(PgConnection& connection) {
    return pgvector_minor_version(connection.query(pgvector_version_sql));
}

}  // namespace clipsim
