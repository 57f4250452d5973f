#include "search/flat_search.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>

namespace clipsim {

namespace {

constexpr std::size_t rows_per_block = 256;    // of bytes: half of the nearest cache, for 128 dimensions
constexpr std::size_t queries_per_block = 32;  // that pass over a block of rows in turn
constexpr double sparse = 0.25;                // a filter that allows less: its rows are fetched one by one
constexpr std::size_t bytes_per_thread = 8 << 20;  // less is read before another thread has begun

// One query on its way over the rows.
class Scan {
  public:
    Scan(const StoredRows& rows, const ByteRows& bytes, std::span<const float> query, std::size_t k,
         const RowFilter* filter)
        : rows_(rows), bytes_(bytes), filter_(filter), query_(rows.prepare(query)), best_(k) {
        if (bytes.size() > 0) byte_query_ = bytes.encode(query);
    }

    // At most rows_per_block of them.
    void look_at(std::size_t first, std::size_t count) {
        if (filter_ != nullptr && filter_->selectivity() < sparse) return look_at_allowed(first, count);
        if (bytes_.size() > 0) return look_at_bytes(first, count);
        std::array<float, rows_per_block> scores;
        rows_.scores(query_, first, std::span(scores).first(count));
        offer(std::span(scores).first(count), [&](std::size_t i) { return first + i; });
    }

    // Only these are fetched.
    void look_at_allowed(std::size_t first, std::size_t count) {
        std::array<std::int32_t, rows_per_block> rows;
        std::size_t found = 0;
        filter_->for_each_allowed(first, first + count,
                                  [&](std::int64_t row) { rows[found++] = static_cast<std::int32_t>(row); });
        if (found > 0) look_at_rows(std::span(rows).first(found));
    }

    TopK& best() { return best_; }

  private:
    template <typename RowAt>
    void offer(std::span<const float> scores, RowAt row_at) {
        for (std::size_t i = 0; i < scores.size(); ++i) {
            if (best_.full() && scores[i] < best_.worst_score()) continue;
            const auto row = static_cast<std::int64_t>(row_at(i));
            if (filter_ == nullptr || filter_->allows(row)) best_.offer(scores[i], row);
        }
    }

    void look_at_rows(std::span<const std::int32_t> rows) {
        std::array<float, rows_per_block> scores;
        rows_.scores_at(query_, rows, scores.data());
        offer(std::span(scores).first(rows.size()), [&](std::size_t i) { return rows[i]; });
    }

    void look_at_bytes(std::size_t first, std::size_t count) {
        // Until k are known everything is good enough, so the first piece is no larger than it has to be.
        while (!best_.full() && count > 0) {
            const std::size_t some = std::min(count, std::max<std::size_t>(best_.capacity(), 16));
            look_at_candidates(first, some);
            first += some;
            count -= some;
        }
        if (count > 0) look_at_candidates(first, count);
    }

    void look_at_candidates(std::size_t first, std::size_t count) {
        std::array<std::int32_t, rows_per_block> candidates;
        const std::size_t found = bytes_.rows_above(byte_query_, first, count, least_, candidates.data());
        if (found == 0) return;
        look_at_rows(std::span(candidates).first(found));
        if (best_.full()) least_ = bytes_.least_similarity(byte_query_, best_.worst_score());
    }

    const StoredRows& rows_;
    const ByteRows& bytes_;
    const RowFilter* filter_;
    RowQuery query_;
    ByteQuery byte_query_;
    std::int64_t least_ = std::numeric_limits<std::int64_t>::min();  // similarity that may be good enough
    TopK best_;
};

void look_at_range(Scan& scan, std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += rows_per_block)
        scan.look_at(first, std::min(rows_per_block, end - first));
}

// As many as there are to be had.
std::size_t clamped(std::size_t k, const RowFilter* filter) {
    return filter == nullptr ? k : std::min(k, filter->allowed());
}

}  // namespace

void FlatSearch::scan_all(std::span<const float> query, const ThreadPool& pool, const RowFilter* filter,
                          TopK& best) const {
    if (best.capacity() == 0) return;
    const std::size_t row_bytes = bytes_.size() > 0 ? bytes_.stride() : rows_.memory().row_bytes();
    const std::size_t threads =
        std::clamp<std::size_t>(rows_.size() * row_bytes / bytes_per_thread, 1, pool.size());
    const std::size_t share = (rows_.size() + threads - 1) / threads;
    std::vector<std::unique_ptr<Scan>> scans(threads);
    pool.parallel_for(threads, 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t part = begin; part < end; ++part) {
            scans[part] = std::make_unique<Scan>(rows_, bytes_, query, best.capacity(), filter);
            look_at_range(*scans[part], part * share, std::min((part + 1) * share, rows_.size()));
        }
    });
    for (const auto& scan : scans) best.merge(scan->best());
}

std::vector<ScoredRow> FlatSearch::nearest(std::span<const float> query, std::size_t k,
                                           const RowFilter* filter, const ThreadPool& pool) const {
    TopK best(clamped(k, filter));
    scan_all(query, pool, filter, best);
    return best.take();
}

void FlatSearch::nearest_of_each(std::span<const float> queries, std::size_t dimension, std::size_t k,
                                 const ThreadPool& pool, const RowFilter* filter, const Found& found) const {
    k = clamped(k, filter);
    if (k == 0) return;
    const std::size_t count = queries.size() / dimension;
    const auto query = [&](std::size_t q) { return queries.subspan(q * dimension, dimension); };
    if (count < 2 * pool.size()) {
        for (std::size_t q = 0; q < count; ++q) {
            TopK best(k);
            scan_all(query(q), pool, filter, best);
            found(q, best.take());
        }
        return;
    }
    const std::size_t piece = std::clamp<std::size_t>(count / pool.size(), 1, queries_per_block);
    pool.parallel_for(count, piece, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t block = begin; block < end; block += piece) {
            std::vector<Scan> scans;
            const std::size_t last = std::min(block + piece, end);
            for (std::size_t q = block; q < last; ++q) scans.emplace_back(rows_, bytes_, query(q), k, filter);
            for (std::size_t first = 0; first < rows_.size(); first += rows_per_block) {
                const std::size_t rows = std::min(rows_per_block, rows_.size() - first);
                for (Scan& scan : scans) scan.look_at(first, rows);
            }
            for (std::size_t q = block; q < last; ++q) found(q, scans[q - block].best().take());
        }
    });
}

std::vector<ScoredRow> exact_nearest(const StoredRows& rows, std::span<const float> query, std::size_t k,
                                     const RowFilter* filter) {
    k = clamped(k, filter);
    if (k == 0) return {};
    const ByteRows none;
    Scan scan(rows, none, query, k, filter);
    look_at_range(scan, 0, rows.size());
    return scan.best().take();
}

}  // namespace clipsim
