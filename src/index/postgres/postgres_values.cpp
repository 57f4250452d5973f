#include "postgres_values.h"

#include <bit>
#include <limits>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

constexpr std::uint32_t bigint_type = 20, bytea_type = 17,
                        text_type = 25;  // their oids, the same in every server

template <typename Number>
void append(std::string& bytes, Number value) {
    for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
        bytes += static_cast<char>((value >> shift) & 0xFF);
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

std::string array_of(std::uint32_t type, std::span<const std::string> values) {
    std::string bytes = array_head(type, values.size());
    for (const std::string& value : values) append_value(bytes, value);
    return bytes;
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
    return array_of(bytea_type, values);
}

std::string pg_texts(std::span<const std::string> values) {
    return array_of(text_type, values);
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

}  // namespace clipsim
