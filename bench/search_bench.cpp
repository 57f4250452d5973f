// A search of a warm index inside the process: vector in, ten hits with path and label out.
//     cmake --preset release -DCLIPSIM_BUILD_BENCH=ON && cmake --build --preset release --target
//     clipsim_search_bench build/release/bin/clipsim_search_bench
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "clipsim/index/open/open_index.h"
#include "clipsim/index/updater.h"
#include "clipsim/search/searcher.h"
#include "clipsim/vectors/vector_index.h"
#include "temporary_folder.h"
#include "vectors/unit_vectors.h"

namespace {

using namespace clipsim;

constexpr int dimension = 128;
constexpr std::size_t queries = 256;
const IndexIdentity identity{"bench", "bench", dimension};

// An index on disk, made as `clipsim index` makes it, over files that hold a number instead of a photo.
std::filesystem::path make_index(const std::filesystem::path& folder, IndexType type, std::size_t count) {
    const std::filesystem::path photos = folder / "photos", index = folder / "index";
    std::vector<IndexCandidate> candidates;
    for (std::size_t i = 0; i < count; ++i) {
        const std::filesystem::path file = photos / std::to_string(i);
        testing::write_text(file, std::to_string(i));
        candidates.push_back({file, "class " + std::to_string(i % 10)});
    }
    IndexParameters parameters;
    parameters.type = type;
    IndexUpdater updater(open_index_writer(index, identity, parameters, IndexUpdater::Mode::update));
    const UpdatePlan plan = updater.plan(candidates, std::vector{photos});
    updater.commit(plan.to_embed, testing::unit_vectors(plan.to_embed.size(), dimension));
    updater.finish();
    return index;
}

void search_warm_index(benchmark::State& state, IndexType type) {
    const testing::TemporaryFolder folder;
    const auto count = static_cast<std::size_t>(state.range(0));
    const Searcher searcher(make_index(folder.path(), type, count), identity);
    const std::vector<float> vectors = testing::unit_vectors(queries, dimension, 7);
    QueryOptions options;
    options.top_k = 10;
    std::size_t next = 0;
    for (auto _ : state) {
        const std::span<const float> query = std::span(vectors).subspan(next * dimension, dimension);
        benchmark::DoNotOptimize(searcher.search("query", query, options));
        next = (next + 1) % queries;
    }
}

BENCHMARK_CAPTURE(search_warm_index, flat, IndexType::flat)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search_warm_index, hnsw, IndexType::hnsw)->Arg(10'000)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(search_warm_index, ivf, IndexType::ivf)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
