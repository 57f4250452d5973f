#include "postgres_ownership.h"

#include <vector>

#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr const char* mark = "clipsim index";  // the beginning of the comment
constexpr const char* sequence_name = "image_ids";

// What a comment begins with is the mark; what has no comment may be of an earlier version.
enum class Mark { ours, none, other };

struct Relation {
    Mark mark = Mark::none;
    bool is_table = false, is_sequence = false;
    std::string columns;
};

std::optional<Relation> find_relation(PgConnection& connection, const std::string& schema,
                                      const std::string& name) {
    const PgResult row = connection.query(
        "SELECT c.relkind::text, pg_catalog.obj_description(c.oid, 'pg_class'),"
        " (SELECT pg_catalog.string_agg(a.attname, ' ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"
        "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1::text AND c.relname = $2::text",
        {schema, name});
    if (row.rows() == 0) return std::nullopt;
    Relation relation;
    relation.is_table = row.text(0, 0) == "r";
    relation.is_sequence = row.text(0, 0) == "S";
    if (!row.is_null(0, 1)) relation.mark = row.bytes(0, 1).starts_with(mark) ? Mark::ours : Mark::other;
    relation.columns = row.text(0, 2);
    return relation;
}

// As earlier versions made them.
bool look_like_ours(PgConnection& connection, const PostgresTables& tables, const Relation& images,
                    const Relation& meta) {
    if (meta.columns != "key value" ||
        !images.columns.starts_with("id path size mtime_ns content_hash label vector"))
        return false;
    const PgResult keys = connection.query(
        concat("SELECT pg_catalog.count(*) FROM ", tables.meta,
               " WHERE key::text IN ('schema_version', 'model_hash', 'joint_dimension', 'generation')"));
    return keys.integer(0, 0) == 4;
}

std::string refusal(const std::string& schema, const std::string& what) {
    return concat("the PostgreSQL schema ", printable(schema), " has ", what,
                  " of another program, which clipsim leaves alone: name another schema with "
                  "index.postgres.schema");
}

}  // namespace

TableOwner owner_of(PgConnection& connection, const PostgresTables& tables) {
    const std::optional<Relation> images = find_relation(connection, tables.schema, tables.images_name);
    const std::optional<Relation> meta = find_relation(connection, tables.schema, tables.meta_name);
    if (!images && !meta) return TableOwner::nobody;
    if (!images || !meta || !images->is_table || !meta->is_table) return TableOwner::others;
    if (images->mark == Mark::ours && meta->mark == Mark::ours) return TableOwner::clipsim;
    // A comment of somebody's on a table of an earlier version does no harm.
    return look_like_ours(connection, tables, *images, *meta) ? TableOwner::clipsim : TableOwner::others;
}

bool tables_are_there(PgConnection& connection, const PostgresTables& tables) {
    const TableOwner owner = owner_of(connection, tables);
    if (owner == TableOwner::others) {
        throw UsageError(refusal(tables.schema, concat("tables ", tables.images_name, " and ",
                                                       tables.meta_name, " (or one of them)")));
    }
    return owner == TableOwner::clipsim;
}

void check_sequence(PgConnection& connection, const PostgresSchema& schema) {
    const std::optional<Relation> found = find_relation(connection, schema.name, sequence_name);
    if (!found || (found->is_sequence && found->mark == Mark::ours)) return;
    const bool of_earlier_version =
        found->is_sequence && (owner_of(connection, PostgresTables::current(schema)) == TableOwner::clipsim ||
                               owner_of(connection, PostgresTables::staging(schema)) == TableOwner::clipsim);
    if (!of_earlier_version) throw UsageError(refusal(schema.name, concat("a ", sequence_name)));
}

void mark_as_clipsims(PgConnection& connection, const PostgresTables& tables) {
    connection.execute(concat("COMMENT ON TABLE ", tables.images, " IS '", mark,
                              ": images with their vectors", "'; COMMENT ON TABLE ", tables.meta, " IS '",
                              mark, ": what it was made with'"));
}

void mark_sequence(PgConnection& connection, const PostgresSchema& schema) {
    connection.execute(
        concat("COMMENT ON SEQUENCE ", schema.quoted, ".", sequence_name, " IS '", mark, ": ids of images'"));
}

}  // namespace clipsim
