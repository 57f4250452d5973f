#include "clipsim/index/tuner.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <span>

#include "clipsim/core/error.h"
#include "clipsim/index/index_tuning.h"
#include "clipsim/vectors/exact_neighbours.h"
#include "search_effort.h"

namespace clipsim {

namespace {

constexpr int k = 10;
constexpr int rounds = 3;  // the best counts

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
Sample evenly_drawn(const IndexTuning& index, std::span<const std::int64_t> ids) {
    const std::size_t queries = std::min(ids.size(), index.most_queries());
    Sample sample;
    for (std::size_t q = 0; q < queries; ++q) {
        const std::size_t row = q * ids.size() / queries;
        try {
            const std::vector<float> vector = index.vector(ids[row]);
            sample.queries.insert(sample.queries.end(), vector.begin(), vector.end());
            sample.rows.push_back(static_cast<std::int64_t>(row));
        } catch (const Error&) {  // damaged: the next update that meets it drops it
        }
    }
    return sample;
}

// The true nearest of each query, [Q, k + 1], as positions in `ids`, which ascend. The vectors pass by block
// after block.
std::vector<std::int64_t> true_nearest(const IndexTuning& index, std::span<const std::int64_t> ids,
                                       const Sample& sample, const ThreadPool& pool) {
    ExactNeighbours nearest(sample.queries, sample.queries.size() / sample.rows.size(), k + 1, pool);
    std::size_t at = 0;  // in ids, which ascend as the blocks do
    index.for_each_block([&](std::span<const std::int64_t> block_ids, std::span<const float> vectors) {
        std::vector<std::int64_t> rows(block_ids.size(), -1);
        for (std::size_t i = 0; i < block_ids.size(); ++i) {
            while (at < ids.size() && ids[at] < block_ids[i]) ++at;
            if (at < ids.size() && ids[at] == block_ids[i]) rows[i] = static_cast<std::int64_t>(at);
        }
        nearest.look_at(rows, vectors);
    });
    return nearest.take();
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

}  // namespace

TuneReport tune(IndexTuning& index, double recall, const ThreadPool& pool) {
    IndexParameters parameters = index.parameters();
    TuneReport report;
    const std::optional<SearchEffort> effort_of = search_effort(parameters, k + 1);
    const std::vector<std::int64_t> ids = index.ids();
    if (!effort_of || ids.empty()) return report;
    report.effort_key = effort_of->key;
    report.build_keys = effort_of->build_keys;
    const Sample sample = evenly_drawn(index, ids);
    if (sample.rows.empty()) throw Error("none of the index's vectors can be read; run `clipsim index`");
    const std::vector<std::int64_t> truth = true_nearest(index, ids, sample, pool);

    for (const int effort : efforts(effort_of->least, index.largest_effort())) {
        effort_of->value = effort;
        index.use(parameters);
        TunePoint point{effort, 0, 0};
        for (int round = 0; round < rounds; ++round) {
            const auto start = std::chrono::steady_clock::now();
            const std::vector<std::int64_t> found = index.search_rows(sample.queries, k + 1);
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
        effort_of->value = report.chosen->effort;
        index.keep(parameters);
    }
    return report;
}

}  // namespace clipsim
