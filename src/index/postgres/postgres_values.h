// Values in PostgreSQL's binary formats, which is how they go to the server and come back.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace clipsim {

std::string pg_integer(std::int64_t value);                            // bigint
std::string pg_vector(std::span<const float> values);                  // pgvector's vector
std::string pg_integers(std::span<const std::int64_t> values);         // bigint[]
std::string pg_bytes(std::span<const std::string> values);             // bytea[]
std::string pg_texts(std::span<const std::string> values);             // text[]
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

// The number in the first bytes; those of an integer are of the type's size.
template <typename Number>
Number read_number(std::string_view bytes) {
    Number value = 0;
    for (const char byte : bytes.substr(0, sizeof value))
        value = static_cast<Number>((value << 8) | static_cast<unsigned char>(byte));
    return value;
}

}  // namespace clipsim
