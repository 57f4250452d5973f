// An index of vectors that are at hand, by way of its file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "clipsim/vectors/vector_index.h"
#include "temporary_folder.h"

namespace clipsim::testing {

// In pieces, as a store gives them.
inline VectorBlocks blocks_of(std::span<const std::int64_t> ids, std::span<const float> rows) {
    return [=](const TakeVectors& take) {
        constexpr std::size_t block = 64;
        for (std::size_t first = 0; first < ids.size(); first += block) {
            const std::size_t count = std::min(block, ids.size() - first), width = rows.size() / ids.size();
            take(ids.subspan(first, count), rows.subspan(first * width, count * width));
        }
    };
}

inline std::string write_index(const std::filesystem::path& file, const IndexParameters& config,
                               int dimension, std::span<const std::int64_t> ids,
                               std::span<const float> rows) {
    return VectorIndex::write(file, config, dimension, blocks_of(ids, rows));
}

// Its file is gone when this returns: what is mapped stays.
inline VectorIndex written_index(const IndexParameters& config, int dimension,
                                 std::span<const std::int64_t> ids, std::span<const float> rows) {
    const TemporaryFolder folder;
    write_index(folder / "index.faiss", config, dimension, ids, rows);
    return VectorIndex::open(folder / "index.faiss", config, dimension);
}

}  // namespace clipsim::testing
