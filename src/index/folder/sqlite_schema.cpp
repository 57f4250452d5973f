#include "sqlite_schema.h"

#include <algorithm>
#include <chrono>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::int64_t schema_version = 4;           // docs/formats.md describes the older ones
constexpr std::int64_t application_id = 0x636c6970;  // "clip": what `file` and sqlite3 show for our databases

// On the disk the text space is "joint": CLIP's joint space of images and sentences.
// What is looked through often (paths, labels) lies apart from the vectors, which are many times larger.
constexpr const char* create_tables =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    // AUTOINCREMENT: an id that index.faiss still knows never comes to mean another image.
    "CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT "
    "NULL, mtime_ns INTEGER NOT NULL, content_hash TEXT NOT NULL, label TEXT NOT NULL,"
    " joint INTEGER NOT NULL, ctime_ns INTEGER NOT NULL DEFAULT 0);";

constexpr const char* create_what_hangs_on_images =
    "CREATE INDEX images_by_label ON images (label);"
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE joint_vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE removed (id INTEGER PRIMARY KEY);";

// 0 where a damaged file has none.
int number_of(const std::string& text) {
    return std::max(0, parse_number<int>(text).value_or(0));
}

// `checksum(blob)` in SQL, with which a vector is written.
void checksum_function(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_value_blob(values[0]));
    const auto size = static_cast<std::size_t>(sqlite3_value_bytes(values[0]));
    sqlite3_result_int64(context, static_cast<sqlite3_int64>(checksum({bytes, size})));
}

void offer_checksum(Database& database) {
    if (sqlite3_create_function_v2(database.handle(), "checksum", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                   nullptr, checksum_function, nullptr, nullptr, nullptr) != SQLITE_OK) {
        database.fail();
    }
}

void set_identity(Database& database, const IndexIdentity& identity) {
    set_meta(database, "model_id", identity.model_id);
    set_meta(database, "model_hash", identity.model_hash);
    set_meta(database, "dimension", std::to_string(identity.dimension));
    set_meta(database, "joint_dimension", std::to_string(identity.text_dimension));
    note_identity(database, identity);
}

void create_schema(Database& database, const IndexIdentity& identity) {
    Transaction transaction(database);
    database.execute(create_tables);
    database.execute(create_what_hangs_on_images);
    database.execute(image_removed_trigger);
    database.execute(concat("PRAGMA application_id = ", application_id).c_str());
    database.execute(concat("PRAGMA user_version = ", schema_version).c_str());
    set_identity(database, identity);
    // Not 0: an index.faiss that was derived from an earlier images.db, removed since, must not seem to fit
    // this one.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    set_meta(database, "generation",
             std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    begin_removals(database);
    transaction.commit();
}

void migrate_one_table(Database& database, std::int64_t version) {
    if (version == 1) database.execute("ALTER TABLE images ADD COLUMN joint_vector BLOB");
    database.execute("ALTER TABLE images RENAME TO old_images");
    database.execute(create_tables + std::string_view(create_tables).find("CREATE TABLE images"));
    database.execute(create_what_hangs_on_images);
    database.execute(
        "INSERT INTO images SELECT id, path, size, mtime_ns, content_hash, label, joint_vector IS NOT NULL,"
        " 0 FROM old_images;"
        "INSERT INTO vectors SELECT id, vector, checksum(vector) FROM old_images;"
        "INSERT INTO joint_vectors SELECT id, joint_vector, checksum(joint_vector) FROM old_images"
        " WHERE joint_vector IS NOT NULL;"
        // The counter of ids continues where it was.
        "DELETE FROM sqlite_sequence WHERE name = 'images';"
        "INSERT INTO sqlite_sequence SELECT 'images', coalesce(max(seq), 0) FROM sqlite_sequence;"
        "DROP TABLE old_images");
    database.execute(image_removed_trigger);
    begin_removals(database);
}

// Versions 1 (without a text space) and 2 had all in one table; 3 did not know ctimes.
void migrate(Database& database, std::int64_t version) {
    if (version == schema_version) return;
    Transaction transaction(database);
    if (version < 3) {
        migrate_one_table(database, version);
    } else {
        database.execute("ALTER TABLE images ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0");
    }
    database.execute(concat("PRAGMA user_version = ", schema_version).c_str());
    transaction.commit();
}

}  // namespace

const char* const image_removed_trigger =
    "CREATE TRIGGER image_removed AFTER DELETE ON images BEGIN"
    " INSERT OR IGNORE INTO removed VALUES (old.id);"
    " DELETE FROM vectors WHERE id = old.id;"
    " DELETE FROM joint_vectors WHERE id = old.id; END;";

std::int64_t integer_of(Database& database, std::string_view sql) {
    Statement statement(database, sql);
    return statement.step() ? statement.integer(0) : 0;
}

void set_meta(Database& database, std::string_view key, std::string_view value) {
    Statement statement(database, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
    statement.bind_text(1, key).bind_text(2, value).run();
}

std::string meta(Database& database, std::string_view key) {
    Statement statement(database, "SELECT value FROM meta WHERE key = ?");
    statement.bind_text(1, key);
    return statement.step() ? statement.text(0) : std::string{};
}

Database open_writer(const std::filesystem::path& file) {
    Database database = Database::open_for_writing(file);
    offer_checksum(database);
    return database;
}

std::int64_t check_schema(Database& database) {
    const std::int64_t version = integer_of(database, "PRAGMA user_version");
    const bool ours = integer_of(database, "PRAGMA application_id") == application_id;
    const bool empty = integer_of(database, "SELECT count(*) FROM sqlite_master") == 0;
    if (!ours && !empty) {
        throw Error(concat(printable(database.file()),
                           " is no image index; `clipsim index --rebuild` makes one in its place"));
    }
    if (version > schema_version) {
        throw Error(concat(printable(database.file()), " was written by a newer clipsim (schema ", version,
                           ", this one knows ", schema_version,
                           "); use that one or run `clipsim index --rebuild`"));
    }
    return ours ? version : 0;
}

void prepare_for_writing(Database& database, const IndexIdentity& identity) {
    if (const std::int64_t version = check_schema(database); version == 0) {
        create_schema(database, identity);
    } else {
        migrate(database, version);
    }
}

void show_as_current(Database& database, std::int64_t version) {
    if (version == schema_version) return;
    if (version == 3) {
        database.execute(
            "CREATE TEMP VIEW images AS SELECT id, path, size, mtime_ns, content_hash, label, joint,"
            " 0 AS ctime_ns FROM main.images");
        return;
    }
    const std::string joint = version == 1 ? "NULL" : "joint_vector";
    database.execute(
        concat("CREATE TEMP VIEW images AS SELECT id, path, size, mtime_ns, content_hash, label, ", joint,
               " IS NOT NULL AS joint, 0 AS ctime_ns FROM main.images;",
               "CREATE TEMP VIEW vectors AS SELECT id, vector, NULL AS checksum FROM main.images;",
               "CREATE TEMP VIEW joint_vectors AS SELECT id, ", joint,
               " AS vector, NULL AS checksum FROM main.images WHERE ", joint, " IS NOT NULL;",
               "CREATE TEMP TABLE removed (id INTEGER PRIMARY KEY)")
            .c_str());
}

IndexIdentity stored_identity(Database& database) {
    return {
        meta(database, "model_id"),      meta(database, "model_hash"), number_of(meta(database, "dimension")),
        stored_text_dimension(database), meta(database, "base_hash"),  meta(database, "precision")};
}

void check_identity(Database& database, const IndexIdentity& wanted) {
    check_same_model(printable(database.file().parent_path()), stored_identity(database), wanted);
}

void note_identity(Database& database, const IndexIdentity& identity) {
    if (identity.base_hash.empty() || meta(database, "base_hash") == identity.base_hash) return;
    set_meta(database, "base_hash", identity.base_hash);
    set_meta(database, "precision", identity.precision);
}

int stored_text_dimension(Database& database) {
    return number_of(meta(database, "joint_dimension"));
}

void keep_text_vectors(Database& database, int dimension) {
    if (stored_text_dimension(database) == dimension) return;
    Transaction transaction(database);
    database.execute("DELETE FROM joint_vectors; UPDATE images SET joint = 0");
    set_meta(database, "joint_dimension", std::to_string(dimension));
    next_generation(database);
    begin_removals(database);  // the previous text.faiss is not to be continued
    transaction.commit();
}

void next_generation(Database& database) {
    database.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'");
}

void begin_removals(Database& database) {
    database.execute(
        "DELETE FROM removed;"
        "INSERT OR REPLACE INTO meta SELECT 'removed_since', value FROM meta WHERE key = 'generation'");
}

}  // namespace clipsim
