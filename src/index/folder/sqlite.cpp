#include "sqlite.h"

#include <system_error>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "clipsim/index/folder/manifest.h"

namespace clipsim {

namespace {

// A path inside a file: URI, where %, ? and # mean something else.
std::string uri_of(const std::filesystem::path& file, std::string_view query) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string uri = "file:";
    for (const char byte : std::filesystem::absolute(file).string()) {
        const bool plain = std::isalnum(static_cast<unsigned char>(byte)) != 0 || byte == '/' || byte == '.';
        if (plain) {
            uri += byte;
        } else {
            uri += '%';
            uri += digits[static_cast<unsigned char>(byte) >> 4];
            uri += digits[static_cast<unsigned char>(byte) & 15];
        }
    }
    return uri.append(query);
}

int open_handle(const std::string& uri, int flags, sqlite3** handle) {
    const int code =
        sqlite3_open_v2(uri.c_str(), handle, flags | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX, nullptr);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(*handle, 10'000);
        // A damaged page is refused when it is met, not followed.
        sqlite3_exec(*handle, "PRAGMA cell_size_check = ON", nullptr, nullptr, nullptr);
    }
    return code;
}

}  // namespace

Database Database::open_for_writing(const std::filesystem::path& file) {
    Database database;
    database.file_ = file;
    sqlite3* handle = nullptr;
    const int code = open_handle(uri_of(file, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &handle);
    database.handle_.reset(handle);
    if (code != SQLITE_OK) database.fail();
    // Of a new file: vectors of usual dimensions fill such pages well.
    database.execute("PRAGMA page_size = 16384");
    database.execute("PRAGMA journal_mode = WAL");
    // Each commit is on the disk when it returns. index.faiss and manifest.json are synced too: were the
    // database behind them after a power cut, ids that they know would be given to other images.
    database.execute("PRAGMA synchronous = FULL");
    return database;
}

Database Database::open_for_reading(const std::filesystem::path& file) {
    Database database;
    database.file_ = file;
    for (const char* query : {"", "?immutable=1"}) {
        sqlite3* handle = nullptr;
        const int code = open_handle(uri_of(file, query), SQLITE_OPEN_READONLY, &handle);
        database.handle_.reset(handle);
        if (code != SQLITE_OK) continue;
        const int readable =
            sqlite3_exec(handle, "SELECT count(*) FROM sqlite_master", nullptr, nullptr, nullptr);
        if (readable == SQLITE_OK) return database;
        // On a read-only medium nobody writes, so the file can be read as it is.
        if (readable != SQLITE_CANTOPEN && readable != SQLITE_READONLY) break;
    }
    database.fail();
}

void Database::fail() const {
    const std::string file = printable(file_);
    switch (handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM) {
        case SQLITE_FULL:
            throw DiskError(concat(file, " can't be written: the disk is full"));
        case SQLITE_NOMEM:
            throw DiskError(concat(file, ": out of memory"));
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_AUTH:
            throw DiskError(concat(file, " can't be written: permission denied"));
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
            throw DiskError(concat(file, " can't be read or written: ",
                                   std::generic_category().message(sqlite3_system_errno(handle_.get())),
                                   "; look at the disk and at the folder's permissions"));
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            throw Error(concat(file, " is in use by another program; try again when that is done"));
        default:  // SQLITE_CORRUPT and SQLITE_NOTADB, or a table that is not what we wrote
            throw Error(concat(file, " is damaged; ", remedy_of_damage(file_.parent_path())));
    }
}

void Database::execute(const char* sql) {
    if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
    sqlite3_stmt* statement = nullptr;
    const int size = static_cast<int>(sql.size());
    if (sqlite3_prepare_v2(database.handle(), sql.data(), size, &statement, nullptr) != SQLITE_OK)
        database.fail();
    statement_.reset(statement);
}

Statement& Statement::bind(int parameter, std::int64_t value) {
    if (sqlite3_bind_int64(statement_.get(), parameter, value) != SQLITE_OK) database_->fail();
    return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view value) {
    if (sqlite3_bind_text(statement_.get(), parameter, value.data(), static_cast<int>(value.size()),
                          SQLITE_TRANSIENT) != SQLITE_OK) {
        database_->fail();
    }
    return *this;
}

Statement& Statement::bind_blob(int parameter, std::span<const std::byte> value) {
    if (sqlite3_bind_blob64(statement_.get(), parameter, value.data(), value.size(), SQLITE_TRANSIENT) !=
        SQLITE_OK) {
        database_->fail();
    }
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) database_->fail();
    return false;
}

void Statement::run() {
    while (step()) {
    }
    reset();
}

void Statement::reset() {
    sqlite3_reset(statement_.get());
}

bool Statement::is_null(int column) const {
    return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
}

std::string Statement::text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    if (bytes == nullptr) return {};
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::span<const std::byte> Statement::blob(int column) const {
    const auto* bytes = static_cast<const std::byte*>(sqlite3_column_blob(statement_.get(), column));
    return {bytes,
            bytes == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

}  // namespace clipsim
