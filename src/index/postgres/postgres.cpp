#include "postgres.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::uint32_t bigint_type = 20, bytea_type = 17;  // their oids, the same in every server
constexpr int binary = 1;

template <typename Number>
void append(std::string& bytes, Number value) {
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>((value >> shift) & 0xFF);
}

template <typename Number>
Number read_number(std::string_view bytes) {
    Number value = 0;
    for (const char byte : bytes.substr(0, sizeof value))
        value = static_cast<Number>((value << 8) | static_cast<unsigned char>(byte));
    return value;
}

std::string array_head(std::uint32_t type, std::size_t count) {
    std::string bytes;
    append(bytes, std::uint32_t{count == 0 ? 0U : 1U});  // dimensions
    append(bytes, std::uint32_t{0});                     // no NULLs
    append(bytes, type);
    if (count == 0) return bytes;
    append(bytes, static_cast<std::uint32_t>(count));
    append(bytes, std::uint32_t{1});  // the first index
    return bytes;
}

void append_value(std::string& bytes, std::string_view value) {
    append(bytes, static_cast<std::uint32_t>(value.size()));
    bytes += value;
}

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

}  // namespace

std::string pg_integer(std::int64_t value) {
    std::string bytes;
    append(bytes, static_cast<std::uint64_t>(value));
    return bytes;
}

std::string pg_vector(std::span<const float> values) {
    std::string bytes;
    bytes.reserve(4 + values.size_bytes());
    append(bytes, static_cast<std::uint16_t>(values.size()));
    append(bytes, std::uint16_t{0});
    for (const float value : values) append(bytes, std::bit_cast<std::uint32_t>(value));
    return bytes;
}

std::string pg_integers(std::span<const std::int64_t> values) {
    std::string bytes = array_head(bigint_type, values.size());
    for (const std::int64_t value : values) append_value(bytes, pg_integer(value));
    return bytes;
}

std::string pg_bytes(std::span<const std::string> values) {
    std::string bytes = array_head(bytea_type, values.size());
    for (const std::string& value : values) append_value(bytes, value);
    return bytes;
}

void read_pg_vector(std::string_view bytes, std::span<float> target) {
    if (bytes.size() != 4 + target.size_bytes())
        throw Error(concat("PostgreSQL gave a vector of ", bytes.size(), " bytes for ", target.size(),
                           " dimensions; run `clipsim index --rebuild`"));
    for (std::size_t i = 0; i < target.size(); ++i)
        target[i] = std::bit_cast<float>(read_number<std::uint32_t>(bytes.substr(4 + 4 * i)));
}

PgCopyRows::PgCopyRows() : bytes_("PGCOPY\n\377\r\n\0", 11) {
    append(bytes_, std::uint32_t{0});  // flags
    append(bytes_, std::uint32_t{0});  // no extension
}

void PgCopyRows::begin_row(int columns) {
    append(bytes_, static_cast<std::uint16_t>(columns));
}

void PgCopyRows::add(std::string_view value) {
    append_value(bytes_, value);
}

void PgCopyRows::add_null() {
    append(bytes_, std::numeric_limits<std::uint32_t>::max());
}

std::string PgCopyRows::finish() {
    append(bytes_, std::numeric_limits<std::uint16_t>::max());
    return std::move(bytes_);
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

PgConnection::PgConnection(const PostgresConfig& config) {
    if (!config.service.empty()) check_service(config.service);
    std::vector<const char*> keys{"fallback_application_name", "client_encoding"};
    std::vector<const char*> values{"clipsim", "UTF8"};
    if (!config.service.empty()) {
        keys.push_back("service");
        values.push_back(config.service.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    handle_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
    if (!handle_) throw std::bad_alloc();
    if (is_broken())
        throw Error(concat("cannot connect to PostgreSQL: ", one_line(PQerrorMessage(handle_.get())),
                           "; see docs/beyond-one-machine.md for how to name the server"));
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
    cancel_.reset(PQgetCancel(handle_.get()));
    execute("SET client_min_messages = warning; SET extra_float_digits = 1");
}

void PgConnection::fail(const PGresult* result) const {
    const char* state = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state != nullptr && std::string_view(state) == "57014")
        throw Interrupted("PostgreSQL gave up what it was doing; what was committed is kept");
    const char* own = result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string message = one_line(own != nullptr ? own : PQerrorMessage(handle_.get()));
    if (is_broken()) {
        throw Error(concat("the connection to PostgreSQL was lost (", message,
                           "); what was committed is kept, run the command again"));
    }
    throw Error(concat("PostgreSQL: ", message));
}

PgResult PgConnection::checked(PGresult* raw) {
    PgResult result(raw);
    const ExecStatusType status = PQresultStatus(raw);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_SINGLE_TUPLE &&
        status != PGRES_COPY_IN)
        fail(raw);
    return result;
}

void PgConnection::execute(const std::string& sql) {
    checked(PQexec(handle_.get(), sql.c_str()));
}

void PgConnection::send(const std::string& sql, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    std::vector<int> lengths, formats(values.size(), binary);
    for (const std::string& value : values) {
        pointers.push_back(value.data());
        lengths.push_back(static_cast<int>(value.size()));
    }
    if (PQsendQueryParams(handle_.get(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                          pointers.data(), lengths.data(), formats.data(), binary) == 0)
        fail(nullptr);
}

PgResult PgConnection::last_result() {
    PGresult* result = PQgetResult(handle_.get());
    while (PGresult* rest = PQgetResult(handle_.get())) PQclear(rest);
    return checked(result);
}

PgResult PgConnection::query(const std::string& sql, const std::vector<std::string>& values) {
    send(sql, values);
    return last_result();
}

void PgConnection::for_each(const std::string& sql, const std::vector<std::string>& values,
                            const std::function<void(const PgResult&)>& row) {
    send(sql, values);
    PQsetSingleRowMode(handle_.get());
    while (PGresult* raw = PQgetResult(handle_.get())) {
        const PgResult result = checked(raw);
        if (result.rows() == 1) row(result);
    }
}

void PgConnection::copy_in(const std::string& sql, const std::string& rows) {
    execute(sql);
    constexpr std::size_t piece = 1 << 20;
    bool sent = true;
    for (std::size_t at = 0; sent && at < rows.size(); at += piece) {
        const auto size = static_cast<int>(std::min(piece, rows.size() - at));
        sent = PQputCopyData(handle_.get(), rows.data() + at, size) == 1;
    }
    if (PQputCopyEnd(handle_.get(), sent ? nullptr : "not sent") != 1) fail(nullptr);
    last_result();
}

std::string PgConnection::quoted(const std::string& name) const {
    char* text = PQescapeIdentifier(handle_.get(), name.c_str(), name.size());
    if (text == nullptr) fail(nullptr);
    std::string copy(text);
    PQfreemem(text);
    return copy;
}

void PgConnection::cancel() const {
    std::array<char, 256> message{};
    if (cancel_) PQcancel(cancel_.get(), message.data(), static_cast<int>(message.size()));
}

}  // namespace clipsim
