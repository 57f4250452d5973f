// The tables of an index in PostgreSQL: their making, their version, whose vectors they hold.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "clipsim/index/index_identity.h"
#include "postgres.h"

namespace clipsim {

// The tables that searches use, or those of a rebuild under way.
struct PostgresTables {
    std::string images, meta;
    static PostgresTables current() { return {"images", "meta"}; }
    static PostgresTables staging() { return {"images_rebuild", "meta_rebuild"}; }
};

// The column with the vectors of a space. Its name is of the time when the text space was called CLIP's joint
// space.
constexpr const char* column_of(Space space) {
    return space == Space::image ? "vector" : "joint_vector";
}

using PostgresMeta = std::map<std::string, std::string>;

// Unqualified names mean the schema's from now on. Throws UsageError where the server lacks pgvector or
// (unless it is to be created) the schema.
void use_schema(PgConnection& connection, const std::string& schema, bool create);
bool tables_exist(PgConnection& connection, const PostgresTables& tables);
void create_tables(PgConnection& connection, const PostgresTables& tables, const IndexIdentity& identity);
// Brings tables of an older version up to date.
void migrate(PgConnection& connection, const PostgresTables& tables);
void drop_tables(PgConnection& connection, const PostgresTables& tables);
// Those of a rebuild take the place of the current ones, in the transaction that is open.
void swap_in_staging(PgConnection& connection);

PostgresMeta read_meta(PgConnection& connection, const PostgresTables& tables);
void set_meta(PgConnection& connection, const PostgresTables& tables, const std::string& key,
              const std::string& value);
// What the table was indexed with last; nothing where it never was.
std::optional<IndexParameters> indexed_parameters(const PostgresMeta& meta);
void set_indexed_parameters(PgConnection& connection, const PostgresTables& tables,
                            const IndexParameters& parameters);
void next_generation(PgConnection& connection, const PostgresTables& tables);
// Throws Error for a newer schema version, UsageError for another model.
void check_meta(const PostgresMeta& meta, const std::string& schema, const IndexIdentity& identity);
IndexIdentity identity_of(const PostgresMeta& meta);
bool knows_ctimes(const PostgresMeta& meta);  // tables of an older version do not
std::vector<std::filesystem::path> roots_of(const PostgresMeta& meta);
// The text space has so many dimensions from now on; 0: no vectors of it are kept.
void keep_text_vectors(PgConnection& connection, const PostgresTables& tables, int dimension);

// Begins a transaction whose statements all see the state of one moment. The lock comes before the snapshot:
// a rebuild that swaps tables waits for it, or is waited for.
inline constexpr const char* one_snapshot =
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; LOCK TABLE images, meta IN ACCESS SHARE MODE";

// The version of the server's pgvector as a number: 8 for 0.8.1.
int pgvector_minor_version(PgConnection& connection);

}  // namespace clipsim
