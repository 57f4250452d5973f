#include "clipsim/index/image_store.h"

#include <chrono>
#include <cstring>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "sqlite.h"

namespace clipsim {

namespace {

constexpr std::int64_t schema_version = 2;           // 1: without joint_vector
constexpr std::int64_t application_id = 0x636c6970;  // "clip": what `file` and sqlite3 show for our databases

constexpr const char* create_tables =
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    // AUTOINCREMENT: an id that index.faiss still knows never comes to mean another image.
    "CREATE TABLE images (id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, size INTEGER NOT "
    "NULL,"
    " mtime_ns INTEGER NOT NULL, content_hash TEXT NOT NULL, label TEXT NOT NULL, vector BLOB NOT NULL,"
    " joint_vector BLOB);";

constexpr const char* image_columns =
    "id, path, size, mtime_ns, content_hash, label, joint_vector IS NOT NULL";

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
    database.execute(concat("PRAGMA application_id = ", application_id).c_str());
    database.execute(concat("PRAGMA user_version = ", schema_version).c_str());
    set_identity(database, identity);
    // Not 0: an index.faiss that was derived from an earlier images.db, removed since, must not seem to fit
    // this one.
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    set_meta(database, "generation",
             std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
    transaction.commit();
}

void migrate(Database& database, std::int64_t version) {
    if (version == schema_version) return;
    Transaction transaction(database);
    database.execute("ALTER TABLE images ADD COLUMN joint_vector BLOB");
    database.execute(concat("PRAGMA user_version = ", schema_version).c_str());
    transaction.commit();
}

int stored_joint_dimension(Database& database) {
    const std::string text = meta(database, "joint_dimension");
    return text.empty() ? 0 : std::stoi(text);
}

// Rows that lack a joint vector are incomplete from now on, or those that have one lose it.
void keep_joint_vectors(Database& database, int dimension) {
    if (stored_joint_dimension(database) == dimension) return;
    Transaction transaction(database);
    database.execute("UPDATE images SET joint_vector = NULL");
    set_meta(database, "joint_dimension", std::to_string(dimension));
    next_generation(database);
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

struct ImageStore::Impl {
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

    void read_vector(const Statement& row, int column, std::span<float> target) const {
        const std::span<const std::byte> bytes = row.blob(column);
        if (bytes.size() != target.size_bytes()) {
            throw Error(concat(printable(database.file()), ": a vector has ", bytes.size(), " bytes, not ",
                               target.size_bytes(), "; run `clipsim index --rebuild`"));
        }
        std::memcpy(target.data(), bytes.data(), bytes.size());
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

const char* column_of(IndexSpace space) {
    return space == IndexSpace::own ? "vector" : "joint_vector";
}

}  // namespace

ImageStore::ImageStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ImageStore::~ImageStore() = default;
ImageStore::ImageStore(ImageStore&&) noexcept = default;
ImageStore& ImageStore::operator=(ImageStore&&) noexcept = default;

ImageStore ImageStore::open_for_writing(const std::filesystem::path& file, const IndexIdentity& identity) {
    Database database = Database::open_for_writing(file);
    if (const std::int64_t version = check_schema(database); version == 0) {
        create_schema(database, identity);
    } else {
        migrate(database, version);
    }
    check_identity(database, identity);
    keep_joint_vectors(database, identity.joint_dimension);
    return ImageStore(std::make_unique<Impl>(std::move(database), identity));
}

ImageStore ImageStore::open_for_reading(const std::filesystem::path& file, const IndexIdentity& identity) {
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
    if (version < schema_version) {
        throw UsageError(
            concat(printable(file.parent_path()),
                   " was written by an older clipsim; run `clipsim index` to bring it up to date"));
    }
    check_identity(database, identity);
    return ImageStore(std::make_unique<Impl>(std::move(database), identity));
}

std::vector<StoredImage> ImageStore::images() const {
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images ORDER BY id"));
    std::vector<StoredImage> images;
    while (statement.step()) images.push_back(impl_->read_image(statement));
    return images;
}

std::optional<StoredImage> ImageStore::find(std::int64_t id) const {
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images WHERE id = ?"));
    statement.bind(1, id);
    if (!statement.step()) return std::nullopt;
    return impl_->read_image(statement);
}

std::vector<float> ImageStore::vector(std::int64_t id, IndexSpace space) const {
    Statement statement(impl_->database, concat("SELECT ", column_of(space), " FROM images WHERE id = ?"));
    statement.bind(1, id);
    if (!statement.step()) throw Error(concat(printable(impl_->database.file()), " has no image ", id));
    std::vector<float> vector(impl_->dimension_of(space));
    impl_->read_vector(statement, 0, vector);
    return vector;
}

void ImageStore::load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors,
                              IndexSpace space) const {
    const std::string column = column_of(space);
    const std::string there = concat(" FROM images WHERE ", column, " IS NOT NULL");
    const auto count = static_cast<std::size_t>(pragma(impl_->database, concat("SELECT count(*)", there)));
    const std::size_t dimension = impl_->dimension_of(space);
    ids.clear();
    ids.reserve(count);
    vectors.assign(count * dimension, 0.0f);
    Statement statement(impl_->database, concat("SELECT id, ", column, there, " ORDER BY id"));
    while (statement.step()) {
        impl_->read_vector(statement, 1, std::span(vectors).subspan(ids.size() * dimension, dimension));
        ids.push_back(statement.integer(0));
    }
}

int ImageStore::joint_dimension() const {
    return stored_joint_dimension(impl_->database);
}

std::int64_t ImageStore::count() const {
    return pragma(impl_->database, "SELECT count(*) FROM images");
}

std::uint64_t ImageStore::generation() const {
    return static_cast<std::uint64_t>(
        pragma(impl_->database, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'"));
}

void ImageStore::put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                     std::span<const float> joint) {
    if (entries.empty()) return;
    const std::size_t dimension = impl_->dimension;
    const std::size_t joint_dimension = impl_->joint_dimension;
    Transaction transaction(impl_->database);
    Statement insert(impl_->database,
                     "INSERT OR REPLACE INTO images (path, size, mtime_ns, content_hash, label, vector, "
                     "joint_vector) VALUES (?, ?, ?, ?, ?, ?, ?)");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        bind_entry(insert, entries[i]);
        insert.bind_blob(6, std::as_bytes(vectors.subspan(i * dimension, dimension)));
        if (!joint.empty()) {
            insert.bind_blob(7, std::as_bytes(joint.subspan(i * joint_dimension, joint_dimension)));
        }
        insert.run();
    }
    next_generation(impl_->database);
    transaction.commit();
}

void ImageStore::update(std::span<const StoredImage> images) {
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

void ImageStore::remove(std::span<const std::int64_t> ids) {
    if (ids.empty()) return;
    Transaction transaction(impl_->database);
    Statement erase(impl_->database, "DELETE FROM images WHERE id = ?");
    for (const std::int64_t id : ids) erase.bind(1, id).run();
    next_generation(impl_->database);
    transaction.commit();
}

void ImageStore::replace_all(const std::filesystem::path& file, const std::filesystem::path& source) {
    Database database = Database::open_for_writing(file);
    Statement attach(database, "ATTACH ? AS source");
    attach.bind_text(1, source.native()).run();
    if (const std::int64_t version = check_schema(database); version == 0) {
        create_schema(database, {});
    } else {
        migrate(database, version);
    }
    Transaction transaction(database);
    database.execute(
        "DELETE FROM images;"
        "INSERT INTO images (path, size, mtime_ns, content_hash, label, vector, joint_vector)"
        " SELECT path, size, mtime_ns, content_hash, label, vector, joint_vector FROM source.images ORDER BY "
        "id;"
        "INSERT OR REPLACE INTO meta SELECT key, value FROM source.meta WHERE key <> 'generation'");
    next_generation(database);
    transaction.commit();
}

}  // namespace clipsim
