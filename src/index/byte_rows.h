// Vectors as bytes, an eighth of a cache line's float: what the graph is walked with. What is found is scored
// again in fp32, so the rounding costs a candidate now and then, never a wrong score.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <vector>

namespace clipsim {

// std::vector's memory at the start of a cache line: a row of 128 bytes then touches two lines, not three.
template <typename T>
struct CacheLineAllocator {
    using value_type = T;
    CacheLineAllocator() = default;
    template <typename U>
    explicit CacheLineAllocator(const CacheLineAllocator<U>& /*other*/) {}
    T* allocate(std::size_t count) {
        return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{64}));
    }
    void deallocate(T* memory, std::size_t /*count*/) { ::operator delete (memory, std::align_val_t{64}); }
    bool operator==(const CacheLineAllocator& /*other*/) const { return true; }
};

// A vector in signed bytes, filled up with zeros to the rows' stride.
struct ByteQuery {
    std::vector<std::int8_t> bytes;
    std::int32_t bias = 0;  // what the rows' offset adds to each of its products
};

class ByteRows {
  public:
    ByteRows() = default;
    // vectors: [N, dimension], any values; the largest magnitude among them becomes 127.
    ByteRows(std::span<const float> vectors, std::size_t dimension);

    // In a scale of its own: its similarities compare among themselves alone.
    ByteQuery encode(std::span<const float> query) const;
    // Row `id` as a query, in the rows' scale: similarities of such queries compare with each other.
    void load(std::int32_t id, ByteQuery& query) const;

    // out[i]: similarity of the query and row ids[i].
    void similarities(const ByteQuery& query, std::span<const std::int32_t> ids, std::int32_t* out) const;

    std::size_t stride() const { return stride_; }
    std::size_t size() const { return stride_ == 0 ? 0 : rows_.size() / stride_; }

  private:
    std::size_t dimension_ = 0;
    std::size_t stride_ = 0;  // bytes from row to row, a multiple of a cache line
    float scale_ = 1;         // of the rows; a query has one of its own
    std::vector<std::uint8_t, CacheLineAllocator<std::uint8_t>>
        rows_;  // value + 128, as VNNI wants one side unsigned
};

}  // namespace clipsim
