// Vectors as bytes, a quarter of their floats: what graphs are walked with and scans look at first. What is
// found is scored again with the vectors themselves, so the rounding costs a candidate now and then, never a
// wrong score; and how far off a similarity can be at most is known. Vectors are rotated (rotation.h) before
// they are rounded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "rows/big_memory.h"
#include "rows/rotation.h"
#include "rows/stored_rows.h"

namespace clipsim {

// A vector in signed bytes, filled up with zeros to the rows' stride.
struct ByteQuery {
    std::vector<std::int8_t> bytes;
    std::int32_t bias = 0;  // what the rows' offset adds to each of its products
    float scale = 1;        // a byte is about value * scale
    float norm = 0;         // of the vector,
    float error = 0;        // and of what rounding took from it
};

class ByteRows {
  public:
    ByteRows() = default;
    // Room for `count` rows, all zeros at first; `largest`: largest_magnitude() of all that is to come.
    ByteRows(std::size_t count, std::size_t dimension, float largest);
    // Of vectors [N, dimension], rotated: what becomes 127.
    static float largest_magnitude(std::span<const float> vectors, std::size_t dimension);
    // vectors: [N, dimension], any values.
    ByteRows(std::span<const float> vectors, std::size_t dimension);
    // Of rows as they are stored; then room for more, up to `count`, of that largest_magnitude().
    explicit ByteRows(const StoredRows& rows, std::size_t count = 0, float largest = 0);
    // Rows that lie elsewhere, which has to outlive this: as other ByteRows had them (the numbers are
    // theirs; not rotated: an earlier clipsim's), or 8-bit codes, of which `steps` says how much one more is
    // worth in each dimension. Codes want a dimension that is a multiple of 64.
    static ByteRows over(std::span<const std::uint8_t> bytes, std::size_t dimension, float scale,
                         float largest_norm, float largest_error, bool rotated);
    static ByteRows over_codes(std::span<const std::uint8_t> codes, std::vector<float> steps);

    // A copy with room for `count` rows, which have to fit in these rows' scale. Not of codes.
    ByteRows with_room_for(std::size_t count) const;
    // Whether vectors of that largest_magnitude() can be added in these rows' scale.
    bool has_scale_for(float largest) const { return size() > 0 && rotated_ && largest * scale_ < 127.5F; }

    ByteRows(ByteRows&&) noexcept = default;
    ByteRows& operator=(ByteRows&&) noexcept = default;

    // Fills rows from `first` on. Not of rows that lie elsewhere; different rows from different threads.
    void set(std::size_t first, std::span<const float> vectors);

    // Similarities of one such query compare among themselves alone.
    ByteQuery encode(std::span<const float> query) const;
    // Row `id` as a query, in the rows' scale: similarities of such queries compare with each other. Not of
    // codes.
    void load(std::int32_t id, ByteQuery& query) const;

    // out[i]: similarity of the query and row ids[i].
    void similarities(const ByteQuery& query, std::span<const std::int32_t> ids, std::int32_t* out) const;
    // Those of the `count` rows from `first` on that have at least `least`: ascending, into `found` (room for
    // count). Returns how many.
    std::size_t rows_above(const ByteQuery& query, std::size_t first, std::size_t count, std::int64_t least,
                           std::int32_t* found) const;

    // The least similarity that a row can have whose score (inner product with the query) is at least
    // `score`. Proven, not estimated: <q, x> - <q', x'> = <q - q', x'> + <q, x - x'>, and Cauchy-Schwarz
    // bounds both. Not of codes.
    std::int64_t least_similarity(const ByteQuery& query, float score) const;

    // The same but for one row in ten thousand or so: as if rounding errors were independent of each other,
    // which rotation makes of them. Not of codes.
    std::int64_t likely_similarity(const ByteQuery& query, float score) const;

    std::size_t stride() const { return stride_; }
    std::size_t dimension() const { return dimension_; }
    std::size_t size() const { return stride_ == 0 ? 0 : bytes_.size() / stride_; }
    bool of_codes() const { return !steps_.empty(); }
    bool rotated() const { return rotated_; }
    std::span<const std::uint8_t> bytes() const { return bytes_; }
    float scale() const { return scale_; }
    float largest_norm() const { return largest_norm_; }
    float largest_error() const { return largest_error_; }

  private:
    std::int64_t similarity_of(const ByteQuery& query, double score) const;

    std::size_t dimension_ = 0;
    std::size_t stride_ = 0;   // bytes from row to row, a multiple of a cache line
    float scale_ = 1;          // of the rows; a query has one of its own
    float largest_norm_ = 0;   // of the rows as bytes give them,
    float largest_error_ = 0;  // and of what rounding took from one
    bool rotated_ = false;
    Rotation rotation_;                    // where they are rotated
    std::vector<float> steps_;             // of codes
    BigVector<std::uint8_t> own_;          // value + 128, as VNNI wants one side unsigned
    std::span<const std::uint8_t> bytes_;  // own_, or elsewhere
};

}  // namespace clipsim
