// SQLite's C interface as values: a connection, a statement. Errors become clipsim::Error.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "clipsim/core/error.h"
#include "clipsim/index/transaction.h"

namespace clipsim {

// The disk, not the database, is at fault: it is full, say. What the file held is still there.
class DiskError : public Error {
  public:
    using Error::Error;
};

class Database {
  public:
    // Throws Error naming the file: it can't be opened or is no database.
    static Database open_for_writing(const std::filesystem::path& file);
    // Also where the folder can't be written to, which SQLite's write-ahead log would need.
    static Database open_for_reading(const std::filesystem::path& file);

    static constexpr const char* begin = "BEGIN IMMEDIATE";  // of a transaction
    void execute(const char* sql);
    sqlite3* handle() const { return handle_.get(); }
    const std::filesystem::path& file() const { return file_; }
    // Throws Error that says what SQLite met, and what to do.
    [[noreturn]] void fail() const;

  private:
    struct Close {
        void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
    };
    std::filesystem::path file_;
    std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement; parameters count from 1, columns from 0, as in SQLite.
class Statement {
  public:
    Statement(Database& database, std::string_view sql);

    Statement& bind(int parameter, std::int64_t value);
    Statement& bind_text(int parameter, std::string_view value);
    Statement& bind_blob(int parameter, std::span<const std::byte> value);

    bool step();  // true: a row is there
    void run();   // to the end, then ready to be bound again
    void reset();

    bool is_null(int column) const;
    std::int64_t integer(int column) const;
    std::string text(int column) const;
    std::span<const std::byte> blob(int column) const;  // until the next step

  private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
    };
    Database* database_;
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace clipsim
