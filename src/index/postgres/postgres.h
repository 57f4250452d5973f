// libpq's C interface as values: a connection, a result, a transaction. Errors become clipsim::Error, of one
// line and without a password. Values go to the server and come back in PostgreSQL's binary formats.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/index/index_config.h"
#include "clipsim/index/transaction.h"

namespace clipsim {

// Values in their binary formats.
std::string pg_integer(std::int64_t value);                            // bigint
std::string pg_vector(std::span<const float> values);                  // pgvector's vector
std::string pg_integers(std::span<const std::int64_t> values);         // bigint[]
std::string pg_bytes(std::span<const std::string> values);             // bytea[]
void read_pg_vector(std::string_view bytes, std::span<float> target);  // throws Error for another dimension

// The rows of `COPY ... FROM STDIN (FORMAT binary)`.
class PgCopyRows {
  public:
    PgCopyRows();
    void begin_row(int columns);
    void add(std::string_view value);
    void add_null();
    std::string finish();

  private:
    std::string bytes_;
};

class PgResult {
  public:
    explicit PgResult(PGresult* result) : result_(result) {}
    int rows() const { return PQntuples(result_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    std::string_view bytes(int row, int column) const;
    std::string text(int row, int column) const { return std::string(bytes(row, column)); }
    std::int64_t integer(int row, int column) const;  // of a bigint
    double number(int row, int column) const;         // of a double precision

  private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

class PgConnection {
  public:
    // To the server that libpq's environment variables or the service name. Throws Error.
    explicit PgConnection(const PostgresConfig& config);

    static constexpr const char* begin = "BEGIN";  // of a transaction
    // One or more statements without parameters.
    void execute(const std::string& sql);
    // One statement; $1 and so on are `values`, in the binary format of the type that the SQL casts them to.
    PgResult query(const std::string& sql, const std::vector<std::string>& values = {});
    // The same, without holding all rows: calls `row` with a result of one row each.
    void for_each(const std::string& sql, const std::vector<std::string>& values,
                  const std::function<void(const PgResult&)>& row);
    void copy_in(const std::string& sql, const std::string& rows);

    std::string quoted(const std::string& name) const;  // as an identifier
    bool is_broken() const { return PQstatus(handle_.get()) != CONNECTION_OK; }
    bool in_transaction() const { return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }
    // Makes the server give up the statement that is running; from any thread.
    void cancel() const;

  private:
    PgResult checked(PGresult* result);
    void send(const std::string& sql, const std::vector<std::string>& values);
    PgResult last_result();  // of what was sent
    [[noreturn]] void fail(const PGresult* result) const;

    struct Finish {
        void operator()(PGconn* handle) const { PQfinish(handle); }
    };
    struct FreeCancel {
        void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
    };
    std::unique_ptr<PGconn, Finish> handle_;
    std::unique_ptr<PGcancel, FreeCancel> cancel_;
};

using PgTransaction = Transaction<PgConnection>;

}  // namespace clipsim
