// The vectors of an index as FAISS stores them, wherever they lie (a FAISS index, a mapped file), and their
// exact scores.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "rows/kernels.h"

namespace clipsim {

// A query in the form that rows of one storage want.
struct RowQuery {
    std::vector<float> weights;
    float bias = 0;  // added to each product
};

class StoredRows {
  public:
    StoredRows() = default;
    // fp32 or fp16. The memory has to outlive this.
    StoredRows(const RowMemory& memory, std::size_t count) : memory_(memory), count_(count) {}
    // int8, FAISS's QT_8bit: value = minimum + (code + 0.5) / 255 * range, each [dimension].
    StoredRows(const RowMemory& memory, std::size_t count, std::span<const float> minimum,
               std::span<const float> range);

    RowQuery prepare(std::span<const float> query) const;

    // out[i]: inner product of the query and row first + i, or ids[i].
    void scores(const RowQuery& query, std::size_t first, std::span<float> out) const;
    void scores_at(const RowQuery& query, std::span<const std::int32_t> ids, float* out) const;

    // The values of rows from `first` on, [n, dimension].
    void decode(std::size_t first, std::span<float> out) const;
    // Calls visit(first, values) for a few rows at a time, until all have passed by.
    template <typename Visit>
    void for_each_block(Visit&& visit) const {
        constexpr std::size_t rows_at_a_time = 1024;
        std::vector<float> values;
        for (std::size_t first = 0; first < count_; first += rows_at_a_time) {
            values.resize(std::min(rows_at_a_time, count_ - first) * dimension());
            decode(first, values);
            visit(first, std::span<const float>(values));
        }
    }

    // The same rows' like: other codes with the same meaning.
    StoredRows with(const std::uint8_t* data, std::size_t count) const;

    std::size_t size() const { return count_; }
    std::size_t dimension() const { return memory_.dimension; }
    const RowMemory& memory() const { return memory_; }
    const std::vector<float>& steps() const { return step_; }  // of int8: what one more of a code is worth
    // Of int8: the minimum of each dimension, then the range of each.
    const std::vector<float>& trained() const { return trained_; }

  private:
    RowMemory memory_;
    std::size_t count_ = 0;
    std::vector<float> base_, step_;  // int8: value = base + step * code
    std::vector<float> trained_;
};

}  // namespace clipsim
