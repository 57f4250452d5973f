// Inner products, in the widest vector instructions the CPU at hand has (chosen at run time by Google
// Highway): of a query with rows as they are stored (fp32, fp16, 8-bit codes), and of bytes with bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

// Rows of one length, one after the other, at any address (a mapped file aligns nothing).
struct RowMemory {
    const std::uint8_t* data = nullptr;
    std::size_t dimension = 0;
    Storage storage = Storage::fp32;  // int8: codes of 0 to 255

    std::size_t row_bytes() const {
        return dimension * (storage == Storage::fp32 ? 4 : storage == Storage::fp16 ? 2 : 1);
    }
};

// out[i] = <query, rows[first + i]> for `out.size()` rows; a code counts as the number it is. The score of a
// row is the same to the last bit whichever of these functions computes it, and beside whichever other rows.
void inner_products(std::span<const float> query, const RowMemory& rows, std::size_t first,
                    std::span<float> out);

// out[i] = <query, rows[ids[i]]>
void inner_products_at(std::span<const float> query, const RowMemory& rows, std::span<const std::int32_t> ids,
                       float* out);

// The same of bytes, row after row of `query.size()` bytes, a multiple of 64: sums of products, exact. The
// query's magnitudes are at most largest_query_byte(); the sum must fit into 32 bits, which it does up to
// 66,000 bytes per row.
void byte_products_at(std::span<const std::int8_t> query, const std::uint8_t* rows,
                      std::span<const std::int32_t> ids, std::int32_t* out);
// Which of the first `count` rows have at least `least`: their numbers, ascending, into `found` (room for
// count). Returns how many.
std::size_t byte_products_above(std::span<const std::int8_t> query, const std::uint8_t* rows,
                                std::size_t count, std::int32_t least, std::int32_t* found);

// 127, or 63 where products of bytes are added in pairs of 16 bits (x86 before VNNI).
int largest_query_byte();

// fp16 from fp32, rounded to the nearest, and back.
void to_half(std::span<const float> values, std::uint16_t* out);
void from_half(const std::uint8_t* halves, std::span<float> out);

// "AVX3_DL", "AVX2", ...: what was chosen, for logs and benches.
const char* vector_instructions();

}  // namespace clipsim
