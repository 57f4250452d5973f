#include "clipsim/vectors/exact_neighbours.h"

#include <algorithm>

#include "search/flat_search.h"
#include "top_k.h"

namespace clipsim {

struct ExactNeighbours::Impl {
    std::span<const float> queries;
    std::size_t dimension;
    std::size_t k;
    ThreadPool pool;
    std::vector<TopK> best;
};

ExactNeighbours::ExactNeighbours(std::span<const float> queries, std::size_t dimension, int k,
                                 const ThreadPool& pool)
    : impl_(std::make_unique<Impl>(Impl{queries, dimension, static_cast<std::size_t>(k), pool, {}})) {
    impl_->best.assign(queries.size() / dimension, TopK(impl_->k));
}

ExactNeighbours::~ExactNeighbours() = default;

void ExactNeighbours::look_at(std::span<const std::int64_t> rows, std::span<const float> vectors) {
    RowFilter wanted(rows.size(), false);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i] >= 0) wanted.allow(static_cast<std::int64_t>(i));
    }
    const RowMemory memory{reinterpret_cast<const std::uint8_t*>(vectors.data()), impl_->dimension,
                           Storage::fp32};
    FlatSearch({memory, rows.size()}, {})
        .nearest_of_each(impl_->queries, impl_->dimension, impl_->k, impl_->pool, &wanted,
                         [&](std::size_t q, std::span<const ScoredRow> found) {
                             for (const ScoredRow& row : found)
                                 impl_->best[q].offer(row.score, rows[static_cast<std::size_t>(row.row)]);
                         });
}

std::vector<std::int64_t> ExactNeighbours::take() {
    std::vector<std::int64_t> nearest(impl_->best.size() * impl_->k, -1);
    for (std::size_t q = 0; q < impl_->best.size(); ++q) {
        std::ranges::transform(impl_->best[q].take(),
                               nearest.begin() + static_cast<std::ptrdiff_t>(q * impl_->k), &ScoredRow::row);
    }
    return nearest;
}

}  // namespace clipsim
