#include "postgres.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <thread>

#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/core/wait_notice.h"
#include "postgres_values.h"

namespace clipsim {

namespace {

using std::chrono::milliseconds;

constexpr int binary = 1;
constexpr milliseconds look_again{100};     // whether to stop
constexpr milliseconds end_by_itself{300};  // after a stop request, before the server is told
constexpr milliseconds give_up{800};        // after a stop request, whatever the server says

// What libpq says, which ends its lines.
std::string one_line(const char* message) {
    std::string line(message == nullptr ? "" : message);
    while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
    for (std::size_t i = line.find('\n'); i != std::string::npos; i = line.find('\n', i)) {
        const std::size_t end = line.find_first_not_of("\n\t ", i);
        line.replace(i, (end == std::string::npos ? line.size() : end) - i, "; ");
    }
    return line;
}

void check_service(const std::string& service) {
    // Whoever writes "host=... password=..." here would read the password in libpq's message.
    if (service.find_first_of("= \t\n'/:@") == std::string::npos) return;
    throw UsageError(
        "index.postgres.service is the name of a service in libpq's service file (see "
        "docs/beyond-one-machine.md), no "
        "connection string");
}

// A setting of the connection as libpq has resolved it; "" where there is none.
std::string setting_of(PGconn* handle, std::string_view name) {
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(handle),
                                                                               PQconninfoFree);
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr;
         ++option) {
        if (option->keyword == name && option->val != nullptr) return option->val;
    }
    return {};
}

// libpq's own timeout is not kept by the interface that does not block.
std::chrono::duration<double> connect_timeout(PGconn* handle, double otherwise) {
    const int seconds = parse_number<int>(setting_of(handle, "connect_timeout")).value_or(0);
    return std::chrono::duration<double>(seconds > 0 ? std::max(2, seconds) : otherwise);
}

std::string described_server(PGconn* handle) {
    const std::string host = setting_of(handle, "host");
    return concat("PostgreSQL", host.empty() ? "" : " at ", printable(host));
}

bool wait_for_socket(int socket, short events) {
    pollfd wanted{socket, events, 0};
    return ::poll(&wanted, 1, static_cast<int>(look_again.count())) > 0;
}

}  // namespace

bool PgResult::is_success() const {
    switch (PQresultStatus(result_.get())) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_SINGLE_TUPLE:
        case PGRES_COPY_IN:
        case PGRES_PIPELINE_SYNC:
            return true;
        default:
            return false;
    }
}

std::string_view PgResult::bytes(int row, int column) const {
    return {PQgetvalue(result_.get(), row, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t PgResult::integer(int row, int column) const {
    return static_cast<std::int64_t>(read_number<std::uint64_t>(bytes(row, column)));
}

double PgResult::number(int row, int column) const {
    return std::bit_cast<double>(read_number<std::uint64_t>(bytes(row, column)));
}

// One wait for the server, looked at every tenth of a second.
class PgConnection::Wait {
  public:
    explicit Wait(PgConnection& connection) : connection_(connection) {}

    // Throws where it has been too long.
    void go_on() {
        if (wait_.is_to_be_told()) {
            log_info(
                concat("waiting for ", described_server(connection_.handle_.get()), ": ", connection_.what_));
        }
        if (connection_.stop_.stop_requested()) stop();
        if (connection_.limit_ && wait_.waited() >= *connection_.limit_) {
            connection_.gave_up_ = true;
            throw Error(concat(described_server(connection_.handle_.get()), " has not answered for ",
                               std::lround(connection_.limit_->count()),
                               " s (index.postgres.timeout_s); is it overloaded, or the network cut?"));
        }
    }

  private:
    void stop() {
        if (!since_stop_) since_stop_.emplace();
        if (!cancelled_ && since_stop_->waited() >= end_by_itself) {
            cancelled_ = true;
            connection_.cancel();
        }
        if (since_stop_->waited() < give_up) return;
        connection_.gave_up_ = true;
        throw Interrupted("PostgreSQL was told to give up what it was doing; what was committed is kept");
    }

    PgConnection& connection_;
    PolledWait wait_;
    std::optional<PolledWait> since_stop_;
    bool cancelled_ = false;
};

PgConnection::PgConnection(const PostgresConfig& config, std::stop_token stop) : stop_(std::move(stop)) {
    if (!config.service.empty()) check_service(config.service);
    std::vector<const char*> keys{"fallback_application_name", "client_encoding"};
    std::vector<const char*> values{"clipsim", "UTF8"};
    if (!config.service.empty()) {
        keys.push_back("service");
        values.push_back(config.service.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    handle_.reset(PQconnectStartParams(keys.data(), values.data(), 0));
    if (!handle_) throw std::bad_alloc();
    connect(config);
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
    PQsetnonblocking(handle_.get(), 1);
    set_keepalives();
}

void PgConnection::connect(const PostgresConfig& config) {
    const std::chrono::duration<double> limit = connect_timeout(handle_.get(), config.timeout_s);
    PolledWait wait;
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;  // as PQconnectStart says
    while (PQstatus(handle_.get()) != CONNECTION_BAD) {
        const short events = status == PGRES_POLLING_READING ? POLLIN : POLLOUT;
        if (wait_for_socket(PQsocket(handle_.get()), events)) {
            status = PQconnectPoll(handle_.get());
            if (status == PGRES_POLLING_OK) return;
            if (status == PGRES_POLLING_FAILED) break;
        }
        throw_if_stopped(stop_, "PostgreSQL had not answered yet");
        if (wait.is_to_be_told())
            log_info(concat("waiting for ", described_server(handle_.get()), " to take the connection"));
        if (wait.waited() >= limit) {
            throw Error(concat("cannot connect to PostgreSQL: ", described_server(handle_.get()),
                               " takes the connection and says nothing, or is not there: no answer within ",
                               std::lround(limit.count()),
                               " s (PGCONNECT_TIMEOUT, or else index.postgres.timeout_s)"));
        }
    }
    throw Error(concat("cannot connect to PostgreSQL: ", one_line(PQerrorMessage(handle_.get())),
                       "; see docs/beyond-one-machine.md for how to name the server"));
}

// A server, or a network, that is gone is noticed within a minute; by default it takes two hours.
void PgConnection::set_keepalives() const {
    if (!setting_of(handle_.get(), "keepalives_idle").empty()) return;
    const auto set = [socket = PQsocket(handle_.get())](int option, int value) {
        ::setsockopt(socket, IPPROTO_TCP, option, &value, sizeof value);  // no matter where it is not TCP
    };
    set(TCP_KEEPIDLE, 30);
    set(TCP_KEEPINTVL, 10);
    set(TCP_KEEPCNT, 3);
}

void PgConnection::require_usable() const {
    if (gave_up_) throw Error("the connection to PostgreSQL is no more of use; run the command again");
}

void PgConnection::fail(const PGresult* result) const {
    const char* field = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const std::string_view state = field == nullptr ? "" : field;
    const char* own = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string message = one_line(own != nullptr ? own : PQerrorMessage(handle_.get()));
    if (state == "57014" && cancelled_)
        throw Interrupted("PostgreSQL gave up what it was doing; what was committed is kept");
    if (state == "57014") {
        throw Error(concat("PostgreSQL: ", message,
                           "; what was committed is kept. Where it was the server's statement_timeout, "
                           "PGOPTIONS='-c statement_timeout=0' lifts it"));
    }
    if (state == "55P03") throw PgLockTimeout(concat("PostgreSQL: ", message));
    if (is_broken()) {
        throw Error(concat("the connection to PostgreSQL was lost (", message,
                           "); what was committed is kept, run the command again"));
    }
    throw Error(concat("PostgreSQL: ", message));
}

PGresult* PgConnection::next_result() {
    Wait wait(*this);
    PGconn* handle = handle_.get();
    while (true) {
        const int unsent = PQflush(handle);
        if (unsent <= 0 && PQisBusy(handle) == 0) break;
        const auto events = static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN);
        const bool ready = wait_for_socket(PQsocket(handle), events);
        if (ready && PQconsumeInput(handle) == 0) break;  // the result tells
        if (!ready || stop_.stop_requested()) wait.go_on();
    }
    return PQgetResult(handle);
}

PgResult PgConnection::answer() {
    std::optional<PgResult> kept;
    bool failed = false;
    while (PGresult* next = next_result()) {
        PgResult result(next);
        if (failed) continue;
        failed = !result.is_success();
        kept.emplace(std::move(result));
        if (PQresultStatus(next) == PGRES_COPY_IN) break;
    }
    if (!kept || failed) fail(kept ? kept->get() : nullptr);
    return std::move(*kept);
}

void PgConnection::execute(const std::string& sql) {
    require_usable();
    if (PQsendQuery(handle_.get(), sql.c_str()) == 0) fail(nullptr);
    answer();
}

void PgConnection::send(const PgStatement& statement) {
    const std::vector<std::string>& values = statement.values;
    std::vector<const char*> pointers;
    std::vector<int> lengths, formats(values.size(), binary);
    for (const std::string& value : values) {
        pointers.push_back(value.data());
        lengths.push_back(static_cast<int>(value.size()));
    }
    if (PQsendQueryParams(handle_.get(), statement.sql.c_str(), static_cast<int>(values.size()), nullptr,
                          pointers.data(), lengths.data(), formats.data(), binary) == 0)
        fail(nullptr);
}

PgResult PgConnection::query(const std::string& sql, const std::vector<std::string>& values) {
    require_usable();
    send({sql, values});
    return answer();
}

std::vector<PgResult> PgConnection::pipeline(std::span<const PgStatement> statements) {
    require_usable();
    if (PQenterPipelineMode(handle_.get()) == 0) fail(nullptr);
    for (const PgStatement& statement : statements) send(statement);
    if (PQpipelineSync(handle_.get()) == 0) fail(nullptr);
    std::vector<PgResult> results;
    std::optional<PgResult> failure;
    for (bool synced = false; !synced;) {
        PGresult* next = next_result();
        if (PQstatus(handle_.get()) != CONNECTION_OK) {
            const PgResult last(next);
            fail(next);
        }
        if (next == nullptr) continue;  // behind the result of each statement
        PgResult result(next);
        const ExecStatusType status = PQresultStatus(next);
        synced = status == PGRES_PIPELINE_SYNC;
        if (!result.is_success()) {
            if (!failure) failure.emplace(std::move(result));
        } else if (status != PGRES_PIPELINE_SYNC) {
            results.push_back(std::move(result));
        }
    }
    PQexitPipelineMode(handle_.get());
    if (failure && PQtransactionStatus(handle_.get()) == PQTRANS_INERROR) execute("ROLLBACK");
    if (failure) fail(failure->get());
    return results;
}

void PgConnection::for_each(const std::string& sql, const std::vector<std::string>& values,
                            const std::function<void(const PgResult&)>& row) {
    require_usable();
    send({sql, values});
    PQsetSingleRowMode(handle_.get());
    std::exception_ptr problem;
    while (PGresult* next = next_result()) {
        const PgResult result(next);
        try {
            if (problem) continue;  // what is left is taken, or the connection would be of no more use
            if (!result.is_success()) fail(next);
            if (result.rows() == 1) row(result);
        } catch (...) {
            problem = std::current_exception();
        }
    }
    if (problem) std::rethrow_exception(problem);
}

void PgConnection::copy_in(const std::string& sql, const std::string& rows) {
    execute(sql);
    constexpr std::size_t piece = 1 << 20;
    Wait wait(*this);
    int sent = 1;
    for (std::size_t at = 0; sent >= 0 && at < rows.size();) {
        const std::size_t size = std::min(piece, rows.size() - at);
        sent = PQputCopyData(handle_.get(), rows.data() + at, static_cast<int>(size));
        if (sent == 1) at += size;
        if (sent == 0 && !wait_for_socket(PQsocket(handle_.get()), POLLOUT)) wait.go_on();
    }
    const char* const problem = sent < 0 ? "not sent" : nullptr;
    int ended = PQputCopyEnd(handle_.get(), problem);
    while (ended == 0) {
        if (!wait_for_socket(PQsocket(handle_.get()), POLLOUT)) wait.go_on();
        ended = PQputCopyEnd(handle_.get(), problem);
    }
    if (ended < 0) fail(nullptr);
    answer();
}

std::string PgConnection::taken(char* text) const {
    if (text == nullptr) fail(nullptr);
    std::string copy(text);
    PQfreemem(text);
    return copy;
}

std::string PgConnection::quoted(const std::string& name) const {
    return taken(PQescapeIdentifier(handle_.get(), name.c_str(), name.size()));
}

std::string PgConnection::literal(const std::string& text) const {
    return taken(PQescapeLiteral(handle_.get(), text.c_str(), text.size()));
}

// In a thread of its own: a server that does not answer would keep this one, too.
void PgConnection::cancel() {
    cancelled_ = true;
    const std::shared_ptr<PGcancel> request(PQgetCancel(handle_.get()), PQfreeCancel);
    if (!request) return;
    std::thread([request] {
        std::array<char, 256> message{};
        PQcancel(request.get(), message.data(), static_cast<int>(message.size()));
    }).detach();
}

}  // namespace clipsim
