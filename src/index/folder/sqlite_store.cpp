#include "clipsim/index/folder/sqlite_store.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "clipsim/index/index_roots.h"
#include "sqlite.h"
#include "sqlite_filter.h"
#include "sqlite_schema.h"

namespace clipsim {

namespace {

// Another number whenever another connection has committed.
constexpr const char* data_version = "PRAGMA data_version";
constexpr const char* image_columns = "id, path, size, mtime_ns, content_hash, label, joint, ctime_ns";

// Binds path, size, mtime, hash, label, ctime from parameter 1 on.
void bind_entry(Statement& statement, const ImageEntry& entry) {
    const std::string& path = entry.path.native();
    statement.bind_blob(1, std::as_bytes(std::span(path)))
        .bind(2, static_cast<std::int64_t>(entry.stamp.size))
        .bind(3, entry.stamp.mtime_ns)
        .bind_text(4, entry.content_hash)
        .bind_text(5, entry.label)
        .bind(6, entry.ctime_ns);
}

}  // namespace

struct SqliteStore::Impl {
    Database database;
    std::size_t dimension;
    std::size_t text_dimension;  // that the identity asks for
    std::int64_t opened_version = 0;
    bool held = false;

    Impl(Database opened, const IndexIdentity& identity)
        : database(std::move(opened)),
          dimension(static_cast<std::size_t>(identity.dimension)),
          text_dimension(static_cast<std::size_t>(identity.text_dimension)) {}

    // What the file keeps; for a reader that may be other than what it would ask for.
    std::size_t dimension_of(Space space) {
        return space == Space::image ? dimension : static_cast<std::size_t>(stored_text_dimension(database));
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
        image.complete = text_dimension == 0 || row.integer(6) != 0;
        image.ctime_ns = row.integer(7);
        return image;
    }
};

namespace {

// The names on the disk are of the time when the text space was called CLIP's joint space.
const char* table_of(Space space) {
    return space == Space::image ? "vectors" : "joint_vectors";
}

Database open_reader(const std::filesystem::path& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) {
        throw NoIndexError(
            concat("there is no index in ", printable(file.parent_path()), "; run `clipsim index` first"));
    }
    return Database::open_for_reading(file);
}

// The version of the tables.
std::int64_t check_finished(Database& database) {
    const std::int64_t version = check_schema(database);
    if (version == 0)
        throw NoIndexError(
            concat(printable(database.file().parent_path()), " is half-written; run `clipsim index`"));
    return version;
}

}  // namespace

SqliteStore::SqliteStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqliteStore::~SqliteStore() = default;
SqliteStore::SqliteStore(SqliteStore&&) noexcept = default;
SqliteStore& SqliteStore::operator=(SqliteStore&&) noexcept = default;

SqliteStore SqliteStore::open_for_writing(const std::filesystem::path& file, const IndexIdentity& identity) {
    Database database = open_writer(file);
    prepare_for_writing(database, identity);
    check_identity(database, identity);
    note_identity(database, identity);
    keep_text_vectors(database, identity.text_dimension);
    return SqliteStore(std::make_unique<Impl>(std::move(database), identity));
}

SqliteStore SqliteStore::open_for_reading(const std::filesystem::path& file, const IndexIdentity& identity) {
    Database database = open_reader(file);
    database.execute("BEGIN");  // the first read below fixes the state that later ones see
    const std::int64_t version = check_finished(database);
    check_identity(database, identity);
    show_as_current(database, version);
    auto impl = std::make_unique<Impl>(std::move(database), identity);
    impl->opened_version = integer_of(impl->database, data_version);
    impl->held = true;
    return SqliteStore(std::move(impl));
}

IndexIdentity SqliteStore::identity_of(const std::filesystem::path& file) {
    Database database = open_reader(file);
    check_finished(database);
    return stored_identity(database);
}

void SqliteStore::release() {
    if (std::exchange(impl_->held, false)) impl_->database.execute("COMMIT");
}

void SqliteStore::hold() {
    if (!std::exchange(impl_->held, true)) impl_->database.execute("BEGIN");
}

bool SqliteStore::is_current() const {
    return integer_of(impl_->database, data_version) == impl_->opened_version;
}

std::vector<StoredImage> SqliteStore::images() const {
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images ORDER BY id"));
    std::vector<StoredImage> images;
    while (statement.step()) images.push_back(impl_->read_image(statement));
    return images;
}

std::optional<StoredImage> SqliteStore::find(std::int64_t id) const {
    return find(std::span(&id, 1)).front();
}

std::vector<std::optional<StoredImage>> SqliteStore::find(std::span<const std::int64_t> ids) const {
    const bool alone = sqlite3_get_autocommit(impl_->database.handle()) != 0 && ids.size() > 1;
    if (alone) impl_->database.execute("BEGIN");
    std::vector<std::optional<StoredImage>> images;
    Statement statement(impl_->database, concat("SELECT ", image_columns, " FROM images WHERE id = ?"));
    for (const std::int64_t id : ids) {
        statement.bind(1, id);
        images.push_back(statement.step() ? std::optional(impl_->read_image(statement)) : std::nullopt);
        statement.reset();
    }
    if (alone) impl_->database.execute("COMMIT");
    return images;
}

std::vector<float> SqliteStore::vector(std::int64_t id, Space space) const {
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

void SqliteStore::load_vectors(std::vector<std::int64_t>& ids, std::vector<float>& vectors, Space space,
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
    Space space, const std::function<void(std::span<const std::int64_t>, std::span<const float>)>& take,
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
    const SqliteFilter candidates(filter);
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

std::vector<std::string> SqliteStore::labels() const {
    Statement statement(impl_->database, "SELECT DISTINCT label FROM images ORDER BY label");
    std::vector<std::string> labels;
    while (statement.step()) labels.push_back(statement.text(0));
    return labels;
}

int SqliteStore::text_dimension() const {
    return stored_text_dimension(impl_->database);
}

std::int64_t SqliteStore::count() const {
    return integer_of(impl_->database, "SELECT count(*) FROM images");
}

std::int64_t SqliteStore::count_after(std::int64_t id) const {
    Statement statement(impl_->database, "SELECT count(*) FROM images WHERE id > ?");
    statement.bind(1, id);
    return statement.step() ? statement.integer(0) : 0;
}

std::int64_t SqliteStore::last_id() const {
    return integer_of(impl_->database, "SELECT max(id) FROM images");
}

std::uint64_t SqliteStore::generation() const {
    return static_cast<std::uint64_t>(
        integer_of(impl_->database, "SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'generation'"));
}

std::vector<std::int64_t> SqliteStore::removed() const {
    Statement statement(impl_->database, "SELECT id FROM removed ORDER BY id");
    std::vector<std::int64_t> ids;
    while (statement.step()) ids.push_back(statement.integer(0));
    return ids;
}

std::int64_t SqliteStore::removed_count() const {
    return integer_of(impl_->database, "SELECT count(*) FROM removed");
}

std::uint64_t SqliteStore::removed_since() const {
    const std::string since = meta(impl_->database, "removed_since");
    return since.empty() ? generation()
                         : std::strtoull(since.c_str(), nullptr, 10);  // an older file records none
}

void SqliteStore::forget_removed() {
    Transaction transaction(impl_->database);
    begin_removals(impl_->database);
    transaction.commit();
}

void SqliteStore::put(std::span<const ImageEntry> entries, std::span<const float> vectors,
                      std::span<const float> text) {
    if (entries.empty()) return;
    Database& database = impl_->database;
    const std::size_t dimension = impl_->dimension;
    const std::size_t text_dimension = impl_->text_dimension;
    Transaction transaction(database);
    Statement erase(database, "DELETE FROM images WHERE path = ?");
    Statement insert(database,
                     "INSERT INTO images (path, size, mtime_ns, content_hash, label, ctime_ns, joint) "
                     "VALUES (?, ?, ?, ?, ?, ?, ?)");
    Statement insert_vector(database, "INSERT INTO vectors VALUES (?1, ?2, checksum(?2))");
    Statement insert_text(database, "INSERT INTO joint_vectors VALUES (?1, ?2, checksum(?2))");
    for (std::size_t i = 0; i < entries.size(); ++i) {
        erase.bind_blob(1, std::as_bytes(std::span(entries[i].path.native()))).run();
        bind_entry(insert, entries[i]);
        insert.bind(7, text.empty() ? 0 : 1).run();
        const std::int64_t id = sqlite3_last_insert_rowid(database.handle());
        insert_vector.bind(1, id)
            .bind_blob(2, std::as_bytes(vectors.subspan(i * dimension, dimension)))
            .run();
        if (text.empty()) continue;
        insert_text.bind(1, id)
            .bind_blob(2, std::as_bytes(text.subspan(i * text_dimension, text_dimension)))
            .run();
    }
    next_generation(database);
    transaction.commit();
}

void SqliteStore::update(std::span<const StoredImage> images) {
    if (images.empty()) return;
    Transaction transaction(impl_->database);
    Statement change(impl_->database,
                     "UPDATE images SET path = ?, size = ?, mtime_ns = ?, content_hash = ?, label = ?, "
                     "ctime_ns = ? WHERE id = ?");
    for (const StoredImage& image : images) {
        bind_entry(change, image);
        change.bind(7, image.id).run();
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

std::vector<std::filesystem::path> SqliteStore::roots() const {
    return decode_paths(meta(impl_->database, "roots"));
}

void SqliteStore::keep_roots(std::span<const std::filesystem::path> roots) {
    set_meta(impl_->database, "roots", encode_paths(roots));
}

std::optional<Shard> SqliteStore::shard() const {
    return noted_shard(meta(impl_->database, "shard"));
}

void SqliteStore::keep_shard(const std::optional<Shard>& shard) {
    if (this->shard() != shard) set_meta(impl_->database, "shard", shard ? shard->text() : "");
}

void SqliteStore::replace_all(const std::filesystem::path& file, const std::filesystem::path& source) {
    Database database = open_writer(file);
    Statement attach(database, "ATTACH ? AS source");
    attach.bind_text(1, source.native()).run();
    prepare_for_writing(database, {});
    // The rows get new ids, by which their vectors are told apart from the previous ones: behind the last
    // one.
    Transaction transaction(database);
    const std::int64_t last = integer_of(database, "SELECT max(seq) FROM main.sqlite_sequence");
    database.execute(
        concat("DROP TRIGGER main.image_removed;"  // it would write down each of them
               "DELETE FROM main.images; DELETE FROM main.vectors; DELETE FROM main.joint_vectors;"
               "INSERT INTO main.images SELECT id + ",
               last, ", path, size, mtime_ns, content_hash, label, joint, ctime_ns FROM source.images;",
               "INSERT INTO main.vectors SELECT id + ", last, ", vector, checksum FROM source.vectors;",
               "INSERT INTO main.joint_vectors SELECT id + ", last,
               ", vector, checksum FROM source.joint_vectors;",
               "INSERT OR REPLACE INTO main.meta SELECT key, value FROM source.meta"
               " WHERE key NOT IN ('generation', 'removed_since');",
               image_removed_trigger)
            .c_str());
    next_generation(database);
    begin_removals(database);
    transaction.commit();
}

}  // namespace clipsim
