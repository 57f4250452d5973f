// Inner products, in the widest vector instructions the CPU at hand has (chosen at run time by Google
// Highway).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace clipsim {

// out[i] = <query, rows[i]> for `out.size()` rows of `query.size()` floats, one after the other.
void inner_products(std::span<const float> query, const float* rows, std::span<float> out);

// out[i] = <query, rows[ids[i]]>
void inner_products_at(std::span<const float> query, const float* rows, std::span<const std::int32_t> ids,
                       float* out);

// The same of rows of bytes with a query of signed bytes: sums of products, exact. `query.size()` is the
// distance from row to row and a multiple of 64; the sum must fit into 32 bits, which it does up to 66,000
// bytes a row.
void byte_products_at(std::span<const std::int8_t> query, const std::uint8_t* rows,
                      std::span<const std::int32_t> ids, std::int32_t* out);

// "AVX3_DL", "AVX2", ...: what was chosen, for logs and benches.
const char* vector_instructions();

}  // namespace clipsim
