#include "clipsim/vectors/auto_type.h"

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

#include "search/flat_search.h"

namespace clipsim {

namespace {

constexpr std::int64_t least = 20'000, most = 200'000;

}  // namespace

double measure_scan(int dimension) {
    constexpr std::size_t rows = 4096;
    const auto width = static_cast<std::size_t>(dimension);
    std::vector<float> vectors(rows * width);
    for (std::size_t i = 0; i < vectors.size(); ++i)
        vectors[i] =
            static_cast<float>((i * 2654435761U) % 1999) / 1000 - 1;  // spread, and the same each time
    const RowMemory memory{reinterpret_cast<const std::uint8_t*>(vectors.data()), width, Storage::fp32};
    const FlatSearch search({memory, rows}, ByteRows(vectors, width));
    const std::span<const float> query = std::span<const float>(vectors).first(width);
    double best = std::numeric_limits<double>::max();
    for (int round = 0; round < 5; ++round) {
        const auto start = std::chrono::steady_clock::now();
        static_cast<void>(search.nearest(query, 10));
        const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
        best = std::min(best, took.count());
    }
    return best / static_cast<double>(rows);
}

std::int64_t flat_limit(double nanoseconds_a_row) {
    constexpr double millisecond = 1e6;
    const double rows = millisecond / std::max(nanoseconds_a_row, 1e-3);
    return static_cast<std::int64_t>(std::clamp(rows, static_cast<double>(least), static_cast<double>(most)));
}

IndexType choose_index_type(IndexType wanted, std::int64_t vectors, int dimension,
                            std::optional<IndexType> before) {
    if (wanted != IndexType::automatic) return wanted;
    if (vectors < least / 2) return IndexType::flat;
    if (vectors > 2 * most) return IndexType::hnsw;
    const std::int64_t limit = flat_limit(measure_scan(dimension));
    if (before == IndexType::flat) return vectors <= 2 * limit ? IndexType::flat : IndexType::hnsw;
    if (before == IndexType::hnsw) return vectors < limit / 2 ? IndexType::flat : IndexType::hnsw;
    return vectors <= limit ? IndexType::flat : IndexType::hnsw;
}

}  // namespace clipsim
