// libpq's C interface as values: a connection, a result, a transaction. Errors become clipsim::Error, of one
// line and without a password. Nothing here leaves a setting behind in the session: a pooler may give it to
// another program next.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/core/error.h"
#include "clipsim/index/index_config.h"
#include "clipsim/index/transaction.h"

namespace clipsim {

// The server did not get a lock within lock_timeout.
class PgLockTimeout : public Error {
  public:
    using Error::Error;
};

class PgResult {
  public:
    explicit PgResult(PGresult* result) : result_(result) {}
    const PGresult* get() const { return result_.get(); }
    bool is_success() const;
    int rows() const { return PQntuples(result_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
    std::string_view bytes(int row, int column) const;
    std::string text(int row, int column) const { return std::string(bytes(row, column)); }
    std::int64_t integer(int row, int column) const;  // of a bigint
    double number(int row, int column) const;         // of a double precision
    bool truth(int row, int column) const { return bytes(row, column) == std::string_view("\1", 1); }

  private:
    struct Clear {
        void operator()(PGresult* result) const { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clear> result_;
};

// One statement; $1 and so on are `values`, in the binary format of the type that the SQL casts them to.
struct PgStatement {
    std::string sql;
    std::vector<std::string> values = {};
};

// Whatever is waited for longer than two seconds is named in the log. After a stop request a statement has
// some tenths of a second to end by itself; then the server is told to give it up, and Interrupted is thrown
// within the second, whether it answers or not. One object serves one thread at a time.
class PgConnection {
  public:
    // To the server that libpq's environment variables or the service name. Throws Error where it can't be
    // reached, or does not answer within connect_timeout (else config.timeout_s); Interrupted.
    explicit PgConnection(const PostgresConfig& config, std::stop_token stop = {});

    static constexpr const char* begin = "BEGIN";  // of a transaction
    // One or more statements without parameters.
    void execute(const std::string& sql);
    PgResult query(const std::string& sql, const std::vector<std::string>& values = {});
    // All in one round trip; what comes back of each. Where one fails, none behind it is carried out, and a
    // transaction that they began is rolled back.
    std::vector<PgResult> pipeline(std::span<const PgStatement> statements);
    // A query, without holding all rows: calls `row` with a result of one row each.
    void for_each(const std::string& sql, const std::vector<std::string>& values,
                  const std::function<void(const PgResult&)>& row);
    void copy_in(const std::string& sql, const std::string& rows);

    // Answers that take longer are an error from now on.
    void expect_answers_within(std::chrono::duration<double> limit) { limit_ = limit; }
    // What the server is at from now on, for who waits: "pgvector builds the index".
    void doing(std::string what) { what_ = std::move(what); }

    std::string quoted(const std::string& name) const;  // as an identifier
    std::string literal(const std::string& text) const;
    int server_version() const { return PQserverVersion(handle_.get()); }
    bool is_broken() const { return gave_up_ || PQstatus(handle_.get()) != CONNECTION_OK; }
    bool gave_up() const { return gave_up_; }  // it took too long, or there was a stop request
    bool in_transaction() const { return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE; }

  private:
    class Wait;
    void connect(const PostgresConfig& config);
    void set_keepalives() const;
    void require_usable() const;
    std::string taken(char* text) const;  // from libpq, which is to be freed
    void send(const PgStatement& statement);
    PGresult* next_result();  // what PQgetResult gives, once it is there
    PgResult answer();        // to what was sent
    void cancel();            // asks the server to give up what is running
    [[noreturn]] void fail(const PGresult* result) const;

    struct Finish {
        void operator()(PGconn* handle) const { PQfinish(handle); }
    };
    std::unique_ptr<PGconn, Finish> handle_;
    std::stop_token stop_;
    std::optional<std::chrono::duration<double>> limit_;
    std::string what_ = "an answer";
    bool cancelled_ = false;  // by us, for a stop
    bool gave_up_ = false;    // an answer is under way that nobody waits for any more
};

using PgTransaction = Transaction<PgConnection>;

}  // namespace clipsim
