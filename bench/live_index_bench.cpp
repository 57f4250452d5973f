// What rows that came since index.faiss was written, and rows that were removed since, cost a search: the
// thresholds of docs/index-updates.md. 100,000 clustered unit vectors of 128 dimensions, index.type hnsw with
// the defaults.
//     bench/live_index.sh
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <filesystem>
#include <numeric>
#include <random>
#include <vector>

#include "clipsim/vectors/live_index.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"
#include "vectors/written_index.h"

namespace {

using namespace clipsim;

constexpr int dimension = 128;
constexpr std::size_t rows = 100'000, clusters = 1000, queries = 256;

// Around centres that are the same for every seed.
std::vector<float> clustered_vectors(std::size_t count, unsigned seed) {
    const std::vector<float> centres = testing::unit_vectors(clusters, dimension, 1);
    std::vector<float> vectors = testing::unit_vectors(count, dimension, seed);
    std::mt19937 random(seed);
    for (std::size_t row = 0; row < count; ++row) {
        const std::size_t centre = random() % clusters;
        float* values = vectors.data() + row * dimension;
        float squares = 0;
        for (std::size_t i = 0; i < dimension; ++i) {
            values[i] = centres[centre * dimension + i] + 0.5F * values[i];
            squares += values[i] * values[i];
        }
        for (std::size_t i = 0; i < dimension; ++i) values[i] /= std::sqrt(squares);
    }
    return vectors;
}

std::vector<std::int64_t> numbers(std::size_t count, std::int64_t first) {
    std::vector<std::int64_t> ids(count);
    std::iota(ids.begin(), ids.end(), first);
    return ids;
}

// Made once; every measurement opens a copy from the file.
const std::filesystem::path& saved_base() {
    static const testing::TemporaryFolder folder;
    static const std::filesystem::path file = [] {
        IndexParameters config;
        config.type = IndexType::hnsw;
        testing::write_index(folder.path() / "index.faiss", config, dimension, numbers(rows, 1),
                             clustered_vectors(rows, 2));
        return folder.path() / "index.faiss";
    }();
    return file;
}

// Arguments: recent rows, removed rows in a thousand of the base.
void search_live_index(benchmark::State& state) {
    const auto recent = static_cast<std::size_t>(state.range(0));
    IndexParameters config;
    config.type = IndexType::hnsw;
    std::vector<std::int64_t> removed;
    for (std::int64_t id = 1; id <= static_cast<std::int64_t>(rows); ++id) {
        if ((id * 619) % 1000 < state.range(1)) removed.push_back(id);
    }
    const LiveIndex index(VectorIndex::open(saved_base(), config, dimension), removed,
                          numbers(recent, rows + 1), clustered_vectors(recent, 3), dimension);
    const std::vector<float> vectors = clustered_vectors(queries, 4);
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(index.search(std::span(vectors).subspan(next * dimension, dimension), 10));
        next = (next + 1) % queries;
    }
}

BENCHMARK(search_live_index)
    ->ArgNames({"recent", "removed_per_mille"})
    ->Args({0, 0})
    ->Args({1024, 0})
    ->Args({1562, 0})
    ->Args({4096, 0})
    ->Args({16384, 0})
    ->Args({0, 100})
    ->Args({0, 200})
    ->Args({0, 400})
    ->Args({0, 800})
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
