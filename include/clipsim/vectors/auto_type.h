// `index.type: auto`: exact search where it is fast enough on this machine, a graph above.
#pragma once

#include <cstdint>
#include <optional>

#include "clipsim/core/config.h"

namespace clipsim {

// Nanoseconds that an exact search takes a row on this CPU, measured on made-up rows of that dimension, in
// some tenths of a millisecond.
double measure_scan(int dimension);

// Vectors that an exact search gets through in a millisecond, between 20,000 (below, a graph gains nothing
// that anybody would notice) and 200,000 (above, measuring is not worth it).
std::int64_t flat_limit(double nanoseconds_a_row);

// Any type but automatic is what it is. automatic is flat up to the limit of this CPU and hnsw above; an
// index that was of the other type stays so until it is half or twice that size, so that it is not built anew
// at each update near the limit.
IndexType choose_index_type(IndexType wanted, std::int64_t vectors, int dimension,
                            std::optional<IndexType> before);

}  // namespace clipsim
