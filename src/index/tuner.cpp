#include "clipsim/index/tuner.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

#include "clipsim/core/error.h"
#include "clipsim/index/index_snapshot.h"
#include "clipsim/index/manifest.h"
#include "clipsim/index/row_filter.h"
#include "clipsim/index/sqlite_store.h"
#include "flat_search.h"
#include "folder_lock.h"
#include "parallel.h"
#include "top_k.h"

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
    std::vector<std::int64_t> rows;  // [Q] positions in the index's ids
    std::vector<float> queries;      // [Q, D]
};

// Every nth image of the index.
Sample evenly_drawn(const SqliteStore& store, std::span<const std::int64_t> ids) {
    const std::size_t queries = std::min(ids.size(), most_queries);
    Sample sample;
    for (std::size_t q = 0; q < queries; ++q) {
        const std::size_t row = q * ids.size() / queries;
        try {
            const std::vector<float> vector = store.vector(ids[row]);
            sample.queries.insert(sample.queries.end(), vector.begin(), vector.end());
            sample.rows.push_back(static_cast<std::int64_t>(row));
        } catch (const Error&) {  // damaged: the next update that meets it drops it
        }
    }
    return sample;
}

// The true nearest of each query, [Q, k + 1], as positions in `ids`, which ascend. The vectors pass by block
// after block.
std::vector<std::int64_t> true_nearest(const SqliteStore& store, std::span<const std::int64_t> ids,
                                       std::size_t dimension, const Sample& sample) {
    std::vector<TopK> best(sample.rows.size(), TopK(k + 1));
    std::size_t at = 0;  // in ids, which ascend as the blocks do
    store.for_each_block(
        IndexSpace::own, [&](std::span<const std::int64_t> block_ids, std::span<const float> vectors) {
            std::vector<std::int64_t> rows(block_ids.size(), -1);
            RowFilter indexed(block_ids.size(), false);
            for (std::size_t i = 0; i < block_ids.size(); ++i) {
                while (at < ids.size() && ids[at] < block_ids[i]) ++at;
                if (at == ids.size() || ids[at] != block_ids[i]) continue;
                rows[i] = static_cast<std::int64_t>(at);
                indexed.allow(static_cast<std::int64_t>(i));
            }
            const RowMemory memory{reinterpret_cast<const std::uint8_t*>(vectors.data()), dimension,
                                   Storage::fp32};
            FlatSearch({memory, block_ids.size()}, {})
                .nearest_of_each(sample.queries, dimension, k + 1, thread_count(0), &indexed,
                                 [&](std::size_t q, std::span<const ScoredRow> found) {
                                     for (const ScoredRow& row : found)
                                         best[q].offer(row.score, rows[static_cast<std::size_t>(row.row)]);
                                 });
        });
    std::vector<std::int64_t> nearest(best.size() * (k + 1), -1);
    for (std::size_t q = 0; q < best.size(); ++q) {
        std::ranges::transform(best[q].take(), nearest.begin() + static_cast<std::ptrdiff_t>(q * (k + 1)),
                               &ScoredRow::row);
    }
    return nearest;
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

    const SqliteStore store = SqliteStore::open_for_reading(index_dir / "images.db", manifest.identity);
    IndexSnapshot snapshot = IndexSnapshot::open(index_dir, manifest.identity);
    LiveIndex& index = snapshot.vectors(IndexSpace::own);
    const std::vector<std::int64_t> ids = index.ids();
    const auto dimension = static_cast<std::size_t>(manifest.identity.dimension);
    const Sample sample = evenly_drawn(store, ids);
    const std::vector<std::int64_t> truth = true_nearest(store, ids, dimension, sample);

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
