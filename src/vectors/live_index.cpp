#include "clipsim/vectors/live_index.h"

#include <algorithm>

namespace clipsim {

namespace {

// Calls visit(row) for each of `wanted` that is in `ids`; both ascend.
template <typename Visit>
void for_each_row(std::span<const std::int64_t> ids, std::span<const std::int64_t> wanted, Visit&& visit) {
    auto at = ids.begin();
    for (const std::int64_t id : wanted) {
        at = std::lower_bound(at, ids.end(), id);
        if (at == ids.end()) return;
        if (*at == id) visit(at - ids.begin());
    }
}

// Two lists, best first, to the k best of both. Of equal scores the base's come first, as its ids are lower.
std::vector<Neighbour> merged(const std::vector<Neighbour>& base, const std::vector<Neighbour>& delta,
                              int k) {
    std::vector<Neighbour> all(base.size() + delta.size());
    std::ranges::merge(base, delta, all.begin(), std::ranges::greater{}, &Neighbour::score,
                       &Neighbour::score);
    if (all.size() > static_cast<std::size_t>(k)) all.resize(static_cast<std::size_t>(k));
    return all;
}

}  // namespace

LiveIndex::LiveIndex(VectorIndex base, std::span<const std::int64_t> deleted, std::vector<std::int64_t> delta,
                     std::vector<float> delta_vectors, int dimension)
    : base_(std::move(base)), delta_ids_(std::move(delta)), dimension_(static_cast<std::size_t>(dimension)) {
    std::vector<std::int64_t> sorted(deleted.begin(), deleted.end());
    std::ranges::sort(sorted);
    // Where nothing was deleted, the ids of a mapped file stay unread.
    if (!sorted.empty()) {
        for_each_row(base_.ids(), sorted, [&](std::int64_t row) {
            if (!live_) live_.emplace(base_.ids().size(), true);
            live_->forbid(row);
        });
    }
    if (!delta_ids_.empty()) delta_ = VectorIndex::exact(dimension, delta_ids_, std::move(delta_vectors));
}

LiveIndex::Selection LiveIndex::select(std::span<const std::int64_t> ids) const {
    Selection selection{RowFilter(base_.ids().size(), false), RowFilter(delta_ids_.size(), false)};
    for_each_row(base_.ids(), ids, [&](std::int64_t row) {
        if (!live_ || live_->allows(row)) selection.base.allow(row);
    });
    for_each_row(delta_ids_, ids, [&](std::int64_t row) { selection.delta.allow(row); });
    return selection;
}

std::vector<Neighbour> LiveIndex::search(std::span<const float> query, int k, const Selection* selection,
                                         const ThreadPool& pool) const {
    const RowFilter* filter = live_ ? &*live_ : nullptr;
    if (selection != nullptr) filter = &selection->base;
    std::vector<Neighbour> found = base_.search(query, k, filter, pool);
    if (!delta_) return found;
    const RowFilter* of_delta = selection == nullptr ? nullptr : &selection->delta;
    return merged(found, delta_->search(query, k, of_delta, pool), k);
}

std::vector<std::int64_t> LiveIndex::ids() const {
    const std::span<const std::int64_t> base = base_.ids();
    std::vector<std::int64_t> ids;
    ids.reserve(static_cast<std::size_t>(size()));
    for (std::size_t row = 0; row < base.size(); ++row) {
        if (!live_ || live_->allows(static_cast<std::int64_t>(row))) ids.push_back(base[row]);
    }
    ids.insert(ids.end(), delta_ids_.begin(), delta_ids_.end());
    return ids;
}

NearestRows LiveIndex::search_rows(std::span<const float> queries, int k, const Selection* selection,
                                   const ThreadPool& pool) const {
    if (!live_ && !delta_ && selection == nullptr) return base_.search_rows(queries, k, nullptr, pool);
    const std::size_t count = queries.size() / dimension_;
    NearestRows nearest(count, static_cast<std::size_t>(k));
    // Threads share out the queries and, for a few of them, the rows too.
    const bool few = count < 2 * pool.size();
    const std::size_t piece = few ? 1 : 8;
    const ThreadPool within = few ? pool : ThreadPool(1);
    pool.parallel_for(count, piece, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            std::size_t rank = 0;
            for (const Neighbour& neighbour :
                 search(queries.subspan(q * dimension_, dimension_), k, selection, within))
                nearest.set(q, rank++, position(neighbour.id), neighbour.score);
        }
    });
    return nearest;
}

std::int64_t LiveIndex::position(std::int64_t id) const {
    if (!delta_ids_.empty() && id >= delta_ids_.front())
        return size() - delta_size() + (std::ranges::lower_bound(delta_ids_, id) - delta_ids_.begin());
    const std::int64_t row = std::ranges::lower_bound(base_.ids(), id) - base_.ids().begin();
    return live_ ? static_cast<std::int64_t>(live_->allowed_before(row)) : row;
}

std::int64_t LiveIndex::size() const {
    return (live_ ? static_cast<std::int64_t>(live_->allowed()) : base_.size()) + delta_size();
}

}  // namespace clipsim
