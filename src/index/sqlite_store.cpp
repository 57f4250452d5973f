#include "clipsim/index/sqlite_store.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "sqlite.h"

namespace clipsim {

namespace {

constexpr std::int64_t schema_version = 3;           // docs/formats.md describes the older ones
constexpr std::int64_t application_id = 0x636c6970;  // "clip": what `file` and sqlite3 show for our databases

// What is looked through often (paths, labels) lies apart from the vectors, which are many times larger.
constexpr const char* create_tables =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    // AUTOINCREMENT: an id that index.faiss still knows never comes to mean another image.
    "CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT "
    "NULL, mtime_ns INTEGER NOT NULL, content_hash TEXT NOT NULL, label TEXT NOT NULL,"
    " joint INTEGER NOT NULL);";

constexpr const char* create_what_hangs_on_images =
    "CREATE INDEX images_by_label ON images (label);"
    "CREATE TABLE vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE joint_vectors (id INTEGER PRIMARY KEY, vector BLOB NOT NULL, checksum INTEGER NOT NULL);"
    "CREATE TABLE removed (id INTEGER PRIMARY KEY);";

constexpr const char* create_trigger =
    "CREATE TRIGGER image_removed AFTER DELETE ON images BEGIN"
    " INSERT OR IGNORE INTO removed VALUES (old.id);"
    " DELETE FROM vectors WHERE id = old.id;"
    " DELETE FROM joint_vectors WHERE id = old.id; END;";

constexpr const char* image_columns = "id, path, size, mtime_ns, content_hash, label, joint";

std::int64_t pragma(Database& database, std::string_view sql) {
    Statement statement(database, sql);
    return statement.step() ? statement.integer(0) : 0;
}

std::string meta(Database& database, std::string_view key) {
    Statement statement(database, "SELECT value FROM meta WHERE key = ?");
    statement.bind_text(1, key);
    return statement.step() ? statement.text(0) : std::string{};
}

void set_meta(Database& database, std::string_view key, std::string_view value) {
    Statement statement(database, "INSERT OR REPLACE INTO meta VALUES (?, ?)");
    statement.bind_text(1, key).bind_text(2, value).run();
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

Database open_writer(const std::filesystem::path& file) {
    Database database = Database::open_for_writing(file);
    offer_checksum(database);
    return database;
}

// From here on every removal is in the table.
void begin_removals(Database& database) {
    database.execute(
        "DELETE FROM removed;"
        "INSERT OR REPLACE INTO meta SELECT 'removed_since', value FROM meta WHERE key = 'generation'");
}

void next_generation(Database& database) {
    database.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'generation'");
}

void set_identity(Database& database, const IndexIdentity& identity) {
    set_meta(database, "model_id", identity.model_id);
    set_meta(database, "model_hash", identity.model_hash);
    set_meta(database, "dimension", std::to_string(identity.dimension));
    set_meta(database, "joint_dimension", std::to_string(identity.joint_dimension));
}

// The application's own version of the tables; 0 for a file that SQLite has just created.
std::int64_t check_schema(Database& database) {
    const std::int64_t version = pragma(database, "PRAGMA user_version");
    const bool ours = pragma(database, "PRAGMA application_id") == application_id;
    const bool empty = pragma(database, "SELECT count(*) FROM sqlite_master") == 0;
    if (!ours && !empty) {
        throw Error(concat(printable(database.file()), " is no image index; run `clipsim index --rebuild`"));
    }
    if (version > schema_version) {
        throw Error(concat(printable(database.file()), " was written by a newer clipsim (schema ", version,
                           ", this one knows ", schema_version,
                           "); use that one or run `clipsim index --rebuild`"));
    }
    return ours ? version : 0;
}

void create_schema(Database& database, const IndexIdentity& identity) {
    Transaction transaction(database);
    database.execute(create_tables);
    database.execute(create_what_hangs_on_images);
    database.execute(create_trigger);
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

// Versions 1 (without joint vectors) and 2 had all in one table.
void migrate(Database& database, std::int64_t version) {
    if (version == schema_version) return;
    Transaction transaction(database);
    if (version == 1) database.execute("ALTER TABLE images ADD COLUMN joint_vector BLOB");
    database.execute("ALTER TABLE images RENAME TO old_images");
    database.execute(create_tables + std::string_view(create_tables).find("CREATE TABLE images"));
    database.execute(create_what_hangs_on_images);
    database.execute(
        "INSERT INTO images SELECT id, path, size, mtime_ns, content_hash, label, joint_vector IS NOT NULL"
        " FROM old_images;"
        "INSERT INTO vectors SELECT id, vector, checksum(vector) FROM old_images;"
        "INSERT INTO joint_vectors SELECT id, joint_vector, checksum(joint_vector) FROM old_images"
        " WHERE joint_vector IS NOT NULL;"
        // The counter of ids goes on where it was.
        "DELETE FROM sqlite_sequence WHERE name = 'images';"
        "INSERT INTO sqlite_sequence SELECT 'images', coalesce(max(seq), 0) FROM sqlite_sequence;"
        "DROP TABLE old_images");
    database.execute(create_trigger);
    begin_removals(database);
    database.execute(concat("PRAGMA user_version = ", schema_version).c_str());
    transaction.commit();
}

// An older file, shown to a reader as one of this version.
void show_as_current(Database& database, std::int64_t version) {
    if (version == schema_version) return;
    const std::string joint = version == 1 ? "NULL" : "joint_vector";
    database.execute(
        concat("CREATE TEMP VIEW images AS SELECT id, path, size, mtime_ns, content_hash, label, ", joint,
               " IS NOT NULL AS joint FROM main.images;",
               "CREATE TEMP VIEW vectors AS SELECT id, vector, NULL AS checksum FROM main.images;",
               "CREATE TEMP VIEW joint_vectors AS SELECT id, ", joint,
               " AS vector, NULL AS checksum FROM main.images WHERE ", joint, " IS NOT NULL;",
               "CREATE TEMP TABLE removed (id INTEGER PRIMARY KEY)")
            .c_str());
}

int stored_joint_dimension(Database& database) {
    const std::string text = meta(database, "joint_dimension");
    return text.empty() ? 0 : std::stoi(text);
}

// Rows that lack a joint vector are incomplete from now on, or those that have one lose it.
void keep_joint_vectors(Database& database, int dimension) {
    if (stored_joint_dimension(database) == dimension) return;
    Transaction transaction(database);
    database.execute("DELETE FROM joint_vectors; UPDATE images SET joint = 0");
    set_meta(database, "joint_dimension", std::to_string(dimension));
    next_generation(database);
    begin_removals(database);  // text.faiss of before is not to be gone on with
    transaction.commit();
}

void check_identity(Database& database, const IndexIdentity& wanted) {
    const std::string hash = meta(database, "model_hash");
    const std::string dimension = meta(database, "dimension");
    if (hash == wanted.model_hash && dimension == std::to_string(wanted.dimension)) return;
    throw UsageError(concat(printable(database.file().parent_path()), " was made with another model (",
                            meta(database, "model_id"), ", ", dimension, " dimensions, ", hash.substr(0, 8),
                            ") than the one in use (", wanted.model_id, ", ", wanted.dimension,
                            " dimensions, ", wanted.model_hash.substr(0, 8),
                            "); run `clipsim index --rebuild`"));
}

// Binds path, size, mtime, hash, label from parameter 1 on.
void bind_entry(Statement& statement, const ImageEntry& entry) {
    const std::string& path = entry.path.native();
    statement.bind_blob(1, std::as_bytes(std::span(path)))
        .bind(2, static_cast<std::int64_t>(entry.stamp.size))
        .bind(3, entry.stamp.mtime_ns)
        .bind_text(4, entry.content_hash)
        .bind_text(5, entry.label);
}

}  // namespace

struct SqliteStore::Impl {
    Database database;
    std::size_t dimension;
    std::size_t joint_dimension;  // that the identity asks for

    Impl(Database opened, const IndexIdentity& identity)
        : database(std::move(opened)),
          dimension(static_cast<std::size_t>(identity.dimension)),
          joint_dimension(static_cast<std::size_t>(identity.joint_dimension)) {}

    // What the file keeps; for a reader that may be other than what it would ask for.
    std::size_t dimension_of(IndexSpace space) {
        return space == IndexSpace::own ? dimension
                                        : static_cast<std::size_t>(stored_joint_dimension(database));
    }

    // Column 0 is the vector, column 1 its checksum (NULL in older files). False where they disagree.
    bool read_vector(const Statement& row, std::span<float> target) const {
        const std::span<const std::byte> bytes = row.blob(0);
        if (bytes.size() != target.size_bytes()) return false;
        std::memcpy(target.data(), bytes.data(), bytes.size());
        return row.is_null(1) || static_cast<std::uint64_t>(row.integer(1)) == checksum(bytes);
    }

    StoredImage read_image(const Statement& row) const {
        const std::span<const std::byte> path = row.blob(1);
        StoredImage image;
        image.id = row.integer(0);
        image.path = std::string(reinterpret_cast<const char*>(path.data()), path.size());
        image.stamp = {static_cast<std::uint64_t>(row.integer(2)), row.integer(3)};
        image.content_hash = row.text(4);
        image.label = row.text(5);
        image.complete = joint_dimension == 0 || row.integer(6) != 0;
        return image;
    }
};

namespace {

const char* table_of(IndexSpace space) {
    return space == IndexSpace::own ? "vectors" : "joint_vectors";
}

// The first id above all that begin with `prefix`; "" where there is none.
std::string behind_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xFF) prefix.pop_back();
    if (!prefix.empty()) ++prefix.back();
    return prefix;
}

// SQL that finds all images that fit a condition, by an index, and maybe more; with what to bind to it.
struct Candidates {
    std::string sql = "SELECT id, path, label FROM images";
    std::vector<std::string> labels, bounds;

    explicit Candidates(const ImageFilter& filter) {
        using Field = ImageCondition::Field;
        for (const ImageCondition& condition : filter.conditions) {
            if (condition.negated || condition.field == Field::path) continue;
            const char* next = " WHERE ";
            for (const std::string& value : condition.values) {
                if (condition.field == Field::label) {
                    sql += concat(next, "label = ?");
                    labels.push_back(value);
                } else {
                    const std::string prefix = value == "/" ? value : value + "/";
                    sql += concat(next, "(path >= ? AND path < ?)");
                    bounds.push_back(prefix);
                    bounds.push_back(behind_prefix(prefix));
                }
                next = " OR ";
            }
            return;
        }
    }
};

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;
SqliteStore::SqliteStore(SqliteStore&&) noexcept = default;
SqliteStore& SqliteStore::operator=(SqliteStore&&) noexcept = default;

SqliteStore SqliteStore::open_for_writing(const std::filesystem::path& file, const IndexIdentity& identity) {
    Database database = open_writer(file);
    if (const std::int64_t version = check_schema(database); version == 0) {
        create_schema(database, identity);
    } else {
        migrate(database, version);
    }
    check_identity(database, identity);
    keep_joint_vectors(database, identity.joint_dimension);
    return SqliteStore(std::make_unique<Impl>(std::move(database), identity));
}

SqliteStore SqliteStore::open_for_reading(const std::filesystem::path& file, const IndexIdentity& identity) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw UsageError(
            concat("there is no index in ", printable(file.parent_path()), "; run `clipsim index` first"));
    }
    Database database = Database::open_for_reading(file);
    database.execute("BEGIN");  // the first read below fixes the state that later ones see
    const std::int64_t version = check_schema(database);
    if (version == 0)
        throw UsageError(concat(printable(file.parent_path()), " is half-written; run `clipsim index`"));
    check_identity(database, identity);
    show_as_current(database, version);
    return SqliteStore(std::make_unique<Impl>(std::move(database), identity));
}

std::vector<StoredImage> SqliteStore::images() const {
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images ORDER BY id"));
    std::vector<StoredImage> images;
    while (statement.step()) images.push_back(impl_->read_image(statement));
    return images;
}

std::optional<StoredImage> SqliteStore::find(std::int64_t id) const {
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images WHERE id = ?"));
    statement.bind(1, id);
    if (!statement.step()) return std::nullopt;
    return impl_->read_image(statement);
}

std::vector<float> SqliteStore::vector(std::int64_t id, IndexSpace space) const {
    Statement statement(impl_->database,
                        concat("SELECT vector, checksum FROM ", table_of(space), " WHERE id = ?"));
    statement.bind(1, id);
    if (!statement.step())
        throw Error(concat(printable(impl_->database.file()), " has no vector of image ", id));
    std::vector<float> vector(impl_->dimension_of(space));
    if (!impl_->read_vector(statement, vector)) {
        throw Error(concat(printable(impl_->database.file()), ": the vector of image ", id,
                           " is damaged; run `clipsim index`"));
    }
    return vector;
}

void SqliteStore::load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors, IndexSpace space,
                               std::int64_t after, std::vector<std::int64_t>* damaged) const {
    const std::string there = concat(" FROM ", table_of(space), " WHERE id > ?");
    Statement counting(impl_->database, concat("SELECT count(*)", there));
    counting.bind(1, after);
    const std::size_t count = counting.step() ? static_cast<std::size_t>(counting.integer(0)) : 0;
    const std::size_t dimension = impl_->dimension_of(space);
    ids.clear();
    ids.reserve(count);
    vectors.assign(count * dimension, 0.0f);
    Statement statement(impl_->database, concat("SELECT vector, checksum, id", there, " ORDER BY id"));
    statement.bind(1, after);
    while (statement.step()) {
        const std::int64_t id = statement.integer(2);
        if (impl_->read_vector(statement, std::span(vectors).subspan(ids.size() * dimension, dimension))) {
            ids.push_back(id);
        } else if (damaged != nullptr) {
            damaged->push_back(id);
        }
    }
    vectors.resize(ids.size() * dimension);
}

void SqliteStore::for_each_block(
    IndexSpace space, const std::function<void(std::span<const std::int64_t>, std::span<const float>)>& take,
    std::vector<std::int64_t>* damaged) const {
    constexpr std::size_t block = 4096;
    const std::size_t dimension = impl_->dimension_of(space);
    std::vector<std::int64_t> ids;
    std::vector<float> vectors(block * dimension);
    const auto hand_over = [&] {
        if (!ids.empty()) take(ids, std::span<const float>(vectors).first(ids.size() * dimension));
        ids.clear();
    };
    Statement statement(impl_->database,
                        concat("SELECT vector, checksum, id FROM ", table_of(space), " ORDER BY id"));
    while (statement.step()) {
        const std::int64_t id = statement.integer(2);
        if (!impl_->read_vector(statement, std::span(vectors).subspan(ids.size() * dimension, dimension))) {
            if (damaged != nullptr) damaged->push_back(id);
            continue;
        }
        ids.push_back(id);
        if (ids.size() == block) hand_over();
    }
    hand_over();
}

std::vector<std::int64_t> SqliteStore::matching(const ImageFilter& filter) const {
    const Candidates candidates(filter);
    Statement statement(impl_->database, candidates.sql);
    int parameter = 0;
    for (const std::string& label : candidates.labels) statement.bind_text(++parameter, label);
    for (const std::string& bound : candidates.bounds)
        statement.bind_blob(++parameter, std::as_bytes(std::span(bound)));
    std::vector<std::int64_t> ids;
    while (statement.step()) {
        const std::span<const std::byte> path = statement.blob(1);
        if (filter.matches({reinterpret_cast<const char*>(path.data()), path.size()}, statement.text(2)))
            ids.push_back(statement.integer(0));
    }
    std::ranges::sort(ids);
    return ids;
}

int SqliteStore::joint_dimension() const {
    return stored_joint_dimension(impl_->database);
}

std::int64_t SqliteStore::count() const {
    return pragma(impl_->database, "SELECT count(*) FROM images");
}

std::int64_t SqliteStore::count_after(std::int64_t id) const {
    Statement statement(impl_->database, "SELECT count(*) FROM images WHERE id > ?");
    statement.bind(1, id);
    return statement.step() ? statement.integer(0) : 0;
}

std::int64_t SqliteStore::last_id() const {
    return pragma(impl_->database, "SELECT max(id) FROM images");
}

std::uint64_t SqliteStore::generation() const {
    return static_cast<std::uint64_t>(
        pragma(impl_->database, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'"));
}

std::vector<std::int64_t> SqliteStore::removed() const {
    Statement statement(impl_->database, "SELECT id FROM removed ORDER BY id");
    std::vector<std::int64_t> ids;
    while (statement.step()) ids.push_back(statement.integer(0));
    return ids;
}

std::int64_t SqliteStore::removed_count() const {
    return pragma(impl_->database, "SELECT count(*) FROM removed");
}

std::uint64_t SqliteStore::removed_since() const {
    const std::string since = meta(impl_->database, "removed_since");
    return since.empty() ? generation() : std::stoull(since);  // an older file records none
}

void SqliteStore::forget_removed() {
    Transaction transaction(impl_->database);
    begin_removals(impl_->database);
    transaction.commit();
}

void SqliteStore::put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                      std::span<const float> joint) {
    if (entries.empty()) return;
    Database& database = impl_->database;
    const std::size_t dimension = impl_->dimension;
    const std::size_t joint_dimension = impl_->joint_dimension;
    Transaction transaction(database);
    Statement erase(database, "DELETE FROM images WHERE path = ?");
    Statement insert(database,
                     "INSERT INTO images (path, size, mtime_ns, content_hash, label, joint) VALUES (?, ?, ?, "
                     "?, ?, ?)");
    Statement insert_vector(database, "INSERT INTO vectors VALUES (?1, ?2, checksum(?2))");
    Statement insert_joint(database, "INSERT INTO joint_vectors VALUES (?1, ?2, checksum(?2))");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        erase.bind_blob(1, std::as_bytes(std::span(entries[i].path.native()))).run();
        bind_entry(insert, entries[i]);
        insert.bind(6, joint.empty() ? 0 : 1).run();
        const std::int64_t id = sqlite3_last_insert_rowid(database.handle());
        insert_vector.bind(1, id)
            .bind_blob(2, std::as_bytes(vectors.subspan(i * dimension, dimension)))
            .run();
        if (joint.empty()) continue;
        insert_joint.bind(1, id)
            .bind_blob(2, std::as_bytes(joint.subspan(i * joint_dimension, joint_dimension)))
            .run();
    }
    next_generation(database);
    transaction.commit();
}

void SqliteStore::update(std::span<const StoredImage> images) {
    if (images.empty()) return;
    Transaction transaction(impl_->database);
    Statement change(
        impl_->database,
        "UPDATE images SET path = ?, size = ?, mtime_ns = ?, content_hash = ?, label = ? WHERE id = ?");
    for (const StoredImage& image : images) {
        bind_entry(change, image);
        change.bind(6, image.id).run();
    }
    transaction.commit();  // the generation stays: ids and vectors, all that index.faiss holds, are the same
}

void SqliteStore::remove(std::span<const std::int64_t> ids) {
    if (ids.empty()) return;
    Transaction transaction(impl_->database);
    Statement erase(impl_->database, "DELETE FROM images WHERE id = ?");
    for (const std::int64_t id : ids) erase.bind(1, id).run();
    next_generation(impl_->database);
    transaction.commit();
}

void SqliteStore::replace_all(const std::filesystem::path& file, const std::filesystem::path& source) {
    Database database = open_writer(file);
    Statement attach(database, "ATTACH ? AS source");
    attach.bind_text(1, source.native()).run();
    if (const std::int64_t version = check_schema(database); version == 0) {
        create_schema(database, {});
    } else {
        migrate(database, version);
    }
    // The rows get new ids, by which their vectors are told apart from those of before: behind the last one.
    Transaction transaction(database);
    const std::int64_t last = pragma(database, "SELECT max(seq) FROM main.sqlite_sequence");
    database.execute(
        concat("DROP TRIGGER main.image_removed;"  // it would write down each of them
               "DELETE FROM main.images; DELETE FROM main.vectors; DELETE FROM main.joint_vectors;"
               "INSERT INTO main.images SELECT id + ",
               last, ", path, size, mtime_ns, content_hash, label, joint FROM source.images;",
               "INSERT INTO main.vectors SELECT id + ", last, ", vector, checksum FROM source.vectors;",
               "INSERT INTO main.joint_vectors SELECT id + ", last,
               ", vector, checksum FROM source.joint_vectors;",
               "INSERT OR REPLACE INTO main.meta SELECT key, value FROM source.meta"
               " WHERE key NOT IN ('generation', 'removed_since');",
               create_trigger)
            .c_str());
    next_generation(database);
    begin_removals(database);
    transaction.commit();
}

}  // namespace clipsim
