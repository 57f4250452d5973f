// What an index holds, wherever it lies: in memory, or in a mapped file (see mapped_index.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "rows/stored_rows.h"

namespace clipsim {

// An array at any address: a mapped file aligns nothing.
template <typename T>
class UnalignedArray {
  public:
    UnalignedArray() = default;
    explicit UnalignedArray(const void* data) : data_(static_cast<const std::uint8_t*>(data)) {}
    T operator[](std::size_t i) const {
        T value;
        std::memcpy(&value, data_ + i * sizeof(T), sizeof(T));
        return value;
    }
    const std::uint8_t* at(std::size_t i) const { return data_ + i * sizeof(T); }

  private:
    const std::uint8_t* data_ = nullptr;
};

// FAISS's HNSW graph: the neighbours of node n on level l are neighbours[offsets[n] + lists[l]] up to
// lists[l + 1], ended by -1 where there are fewer.
struct GraphView {
    std::size_t nodes = 0;
    UnalignedArray<std::int32_t> levels;  // of a node: on how many it is
    UnalignedArray<std::uint64_t> offsets;
    UnalignedArray<std::int32_t> neighbours;
    std::uint64_t links = 0;  // how many `neighbours` are
    std::vector<std::size_t> lists;
    std::vector<double> level_shares;  // of the nodes whose highest level is 0, 1, ...: new ones are drawn so
    std::int32_t entry_point = -1;
    int max_level = -1;
};

// FAISS's inverted lists: the rows nearest to each centroid.
struct InvertedLists {
    struct List {
        const std::uint8_t* codes = nullptr;
        UnalignedArray<std::int64_t> rows;
        std::size_t size = 0;
    };
    StoredRows centroids;
    StoredRows format;          // of each list's codes
    bool of_residuals = false;  // codes say how a row differs from its centroid
    std::vector<List> lists;
};

struct IndexView {
    std::size_t count = 0;
    StoredRows rows;                     // of flat and HNSW indexes
    std::optional<GraphView> graph;      // HNSW
    std::optional<InvertedLists> lists;  // IVF
};

}  // namespace clipsim
