#include "clipsim/index/tuner.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

#include "clipsim/index/index_snapshot.h"
#include "clipsim/index/manifest.h"
#include "clipsim/index/sqlite_store.h"
#include "clipsim/index/vector_index.h"
#include "folder_lock.h"

namespace clipsim {

namespace {

constexpr int k = 10;
constexpr std::size_t most_queries = 1000;
constexpr int rounds = 3;  // the best counts
constexpr int largest_effort = 4096;

// Growing by a quarter or so.
std::vector<int> efforts(int first, int last) {
    std::vector<int> ladder;
    for (int effort = first; effort < last; effort += std::max(1, effort / 4)) ladder.push_back(effort);
    ladder.push_back(last);
    return ladder;
}

struct Sample {
    std::vector<std::int64_t> rows;  // [Q] of the index
    std::vector<float> queries;      // [Q, D]
};

Sample evenly_drawn(std::span<const float> vectors, std::size_t dimension) {
    const std::size_t count = vectors.size() / dimension;
    const std::size_t queries = std::min(count, most_queries);
    Sample sample;
    for (std::size_t q = 0; q < queries; ++q) {
        const std::size_t row = q * count / queries;
        sample.rows.push_back(static_cast<std::int64_t>(row));
        const std::span<const float> vector = vectors.subspan(row * dimension, dimension);
        sample.queries.insert(sample.queries.end(), vector.begin(), vector.end());
    }
    return sample;
}

// Share of the true k nearest that were found, a query's own row left out of both.
double recall_of(std::span<const std::int64_t> found, std::span<const std::int64_t> truth,
                 const Sample& sample) {
    std::size_t hits = 0, wanted = 0;
    for (std::size_t q = 0; q < sample.rows.size(); ++q) {
        const auto others = [&](std::span<const std::int64_t> rows) {
            const auto own = rows.subspan(q * (k + 1), k + 1);
            std::vector<std::int64_t> kept;
            for (const std::int64_t row : own) {
                if (row >= 0 && row != sample.rows[q] && kept.size() < k) kept.push_back(row);
            }
            return kept;
        };
        const std::vector<std::int64_t> right = others(truth), mine = others(found);
        wanted += right.size();
        hits += static_cast<std::size_t>(std::ranges::count_if(
            right, [&](std::int64_t row) { return std::ranges::find(mine, row) != mine.end(); }));
    }
    return wanted == 0 ? 1.0 : static_cast<double>(hits) / static_cast<double>(wanted);
}

void set_effort(IndexConfig& config, int effort) {
    (config.type == IndexType::hnsw ? config.hnsw.ef_search : config.ivf.nprobe) = effort;
}

}  // namespace

TuneReport tune_index(const std::filesystem::path& index_dir, double recall) {
    Manifest manifest = read_manifest(index_dir / "manifest.json");
    TuneReport report;
    report.type = manifest.config.type;
    if (manifest.config.type == IndexType::flat || manifest.images == 0) return report;
    const FolderLock lock(index_dir);
    manifest = read_manifest(index_dir / "manifest.json");

    IndexSnapshot snapshot = IndexSnapshot::open(index_dir, manifest.identity);
    LiveIndex& index = snapshot.vectors(IndexSpace::own);
    std::vector<std::int64_t> ids;
    std::vector<float> vectors;
    SqliteStore::open_for_reading(index_dir / "images.db", manifest.identity).load_vectors(ids, vectors);
    const Sample sample = evenly_drawn(vectors, static_cast<std::size_t>(manifest.identity.dimension));
    IndexConfig exact;
    exact.type = IndexType::flat;
    const std::vector<std::int64_t> truth =
        VectorIndex::build(exact, manifest.identity.dimension, ids, vectors)
            .search_rows(sample.queries, k + 1);

    const bool hnsw = manifest.config.type == IndexType::hnsw;
    for (const int effort : efforts(hnsw ? k + 1 : 1, largest_effort)) {
        set_effort(manifest.config, effort);
        index.set_search_parameters(manifest.config);
        TunePoint point{effort, 0, 0};
        for (int round = 0; round < rounds; ++round) {
            const auto start = std::chrono::steady_clock::now();
            const std::vector<std::int64_t> found = index.search_rows(sample.queries, k + 1, 1);
            const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
            const double each = took.count() / static_cast<double>(sample.rows.size());
            if (round == 0 || each < point.microseconds) point.microseconds = each;
            if (round == 0) point.recall = recall_of(found, truth, sample);
        }
        report.curve.push_back(point);
        if (!report.chosen && point.recall >= recall) report.chosen = point;
        // A little further than asked for, so that the curve shows what more effort would give.
        if (report.chosen && effort >= 2 * report.chosen->effort) break;
    }
    if (report.chosen) {
        set_effort(manifest.config, report.chosen->effort);
        write_manifest(index_dir / "manifest.json", manifest);
    }
    return report;
}

}  // namespace clipsim
