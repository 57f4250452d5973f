// The tables of an index in PostgreSQL: their names, their making, their version, whose vectors they hold.
// All names are qualified: what search_path says, which a pooler may have from another program, does not
// matter.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "clipsim/index/index_identity.h"
#include "postgres.h"

namespace clipsim {

// The schema of an index, and that of pgvector's types and operators.
struct PostgresSchema {
    std::string name;      // as the config has it
    std::string quoted;    // in SQL
    std::string pgvector;  // in SQL

    std::string type(const std::string& pgvector_type) const { return pgvector + "." + pgvector_type; }
    // The negative inner product: the nearest of unit vectors have the least.
    std::string operator_ip() const { return "OPERATOR(" + pgvector + ".<#>)"; }
};

// The tables that searches use, or those of a rebuild under way.
struct PostgresTables {
    std::string schema;                  // PostgresSchema::name
    std::string images_name, meta_name;  // alone
    std::string images, meta;            // in SQL
    static PostgresTables current(const PostgresSchema& schema) { return of(schema, ""); }
    static PostgresTables staging(const PostgresSchema& schema) { return of(schema, "_rebuild"); }

  private:
    static PostgresTables of(const PostgresSchema& schema, const std::string& suffix) {
        const std::string images_name = "images" + suffix, meta_name = "meta" + suffix;
        return {schema.name, images_name, meta_name, schema.quoted + "." + images_name,
                schema.quoted + "." + meta_name};
    }
};

// The column with the vectors of a space. Its name is of the time when the text space was called CLIP's joint
// space.
constexpr const char* column_of(Space space) {
    return space == Space::image ? "vector" : "joint_vector";
}

using PostgresMeta = std::map<std::string, std::string>;

// Throws UsageError for what can be no name: empty, not UTF-8, or longer than the server keeps.
void check_schema_name(const std::string& name);
// Makes the schema where it is missing and wanted, and pgvector's extension. Throws UsageError for a name
// that can't be one, where the server lacks pgvector, and for what the user may not do.
PostgresSchema open_schema(PgConnection& connection, const std::string& name, bool create);

void create_tables(PgConnection& connection, const PostgresSchema& schema, const PostgresTables& tables,
                   const IndexIdentity& identity);
// Brings tables of an older version up to date, and marks them as clipsim's.
void migrate(PgConnection& connection, const PostgresTables& tables);
// Where they are there. Throws UsageError for tables of another program.
void drop_tables(PgConnection& connection, const PostgresTables& tables);
// Those of a rebuild take the place of the current ones, and get their owner and their GRANTs, in the
// transaction that is open.
void swap_in_staging(PgConnection& connection, const PostgresSchema& schema);

std::string text_of(const PostgresMeta& meta, const std::string& key);  // "" where there is none
PostgresMeta read_meta(PgConnection& connection, const PostgresTables& tables);
PostgresMeta meta_of(const PgResult& rows);  // of read_meta_sql
std::string read_meta_sql(const PostgresTables& tables);
void set_meta(PgConnection& connection, const PostgresTables& tables, const std::string& key,
              const std::string& value);
// What the table was indexed with last; nothing where it never was.
std::optional<IndexParameters> indexed_parameters(const PostgresMeta& meta);
void set_indexed_parameters(PgConnection& connection, const PostgresTables& tables,
                            const IndexParameters& parameters);
void next_generation(PgConnection& connection, const PostgresTables& tables);
// Throws Error for a newer schema version, UsageError for another model.
void check_meta(const PostgresMeta& meta, const std::string& schema, const IndexIdentity& identity,
                IndexUse use);
IndexIdentity identity_of(const PostgresMeta& meta);
bool knows_ctimes(const PostgresMeta& meta);    // tables of an older version do not
bool knows_machines(const PostgresMeta& meta);  // the same
std::vector<std::filesystem::path> roots_of(const PostgresMeta& meta);
// The text space has so many dimensions from now on; 0: no vectors of it are kept.
void keep_text_vectors(PgConnection& connection, const PostgresSchema& schema, const PostgresTables& tables,
                       int dimension);

// Begins a transaction whose statements all see the state of one moment. The lock comes before the snapshot:
// a rebuild that swaps tables waits for it, or is waited for.
inline constexpr const char* begin_reading = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
std::string lock_for_reading(const PostgresTables& tables);

// The version of the server's pgvector as a number: 8 for 0.8.1.
inline constexpr const char* pgvector_version_sql =
    "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'vector'";
int pgvector_minor_version(const PgResult& version);
int pgvector_minor_version(PgConnection& connection);

}  // namespace clipsim
