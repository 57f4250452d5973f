#include "clipsim/vectors/live_index.h"

#include <algorithm>

#include "clipsim/core/parallel.h"

namespace clipsim {

namespace {

// Calls visit(row) for each of `wanted` that stands in `ids`; both ascend.
template <typename Visit>
void for_each_row(std::span<const std::int64_t> ids, std::span<const std::int64_t> wanted, Visit&& visit) {
    auto at = ids.begin();
    for (const std::int64_t id : wanted) {
        at = std::lower_bound(at, ids.end(), id);
        if (at == ids.end()) return;
        if (*at == id) visit(at - ids.begin());
    }
}

VectorIndex exact_index(int dimension, std::span<const std::int64_t> ids, std::span<const float> vectors) {
    IndexParameters flat;
    flat.type = IndexType::flat;
    return VectorIndex::build(flat, dimension, ids, vectors);
}

// Two lists, best first, to the k best of both. Of equal scores the base's come first, as its ids are lower.
std::vector<Neighbour> merged(const std::vector<Neighbour>& base, const std::vector<Neighbour>& recent,
                              int k) {
    std::vector<Neighbour> all(base.size() + recent.size());
    std::ranges::merge(base, recent, all.begin(), std::ranges::greater{}, &Neighbour::score,
                       &Neighbour::score);
    if (all.size() > static_cast<std::size_t>(k)) all.resize(static_cast<std::size_t>(k));
    return all;
}

}  // namespace

LiveIndex::LiveIndex(VectorIndex base, std::span<const std::int64_t> removed,
                     std::vector<std::int64_t> recent, std::span<const float> recent_vectors, int dimension)
    : base_(std::move(base)),
      recent_ids_(std::move(recent)),
      dimension_(static_cast<std::size_t>(dimension)) {
    std::vector<std::int64_t> sorted(removed.begin(), removed.end());
    std::ranges::sort(sorted);
    // Where nothing was removed, the ids of a mapped file stay unread.
    if (!sorted.empty()) {
        for_each_row(base_.ids(), sorted, [&](std::int64_t row) {
            if (!live_) live_.emplace(base_.ids().size(), true);
            live_->forbid(row);
        });
    }
    if (!recent_ids_.empty()) recent_ = exact_index(dimension, recent_ids_, recent_vectors);
}

LiveIndex::Selection LiveIndex::select(std::span<const std::int64_t> ids) const {
    Selection selection{RowFilter(base_.ids().size(), false), RowFilter(recent_ids_.size(), false)};
    for_each_row(base_.ids(), ids, [&](std::int64_t row) {
        if (!live_ || live_->allows(row)) selection.base.allow(row);
    });
    for_each_row(recent_ids_, ids, [&](std::int64_t row) { selection.recent.allow(row); });
    return selection;
}

std::vector<Neighbour> LiveIndex::search(std::span<const float> query, int k,
                                         const Selection* selection) const {
    const RowFilter* filter = live_ ? &*live_ : nullptr;
    if (selection != nullptr) filter = &selection->base;
    std::vector<Neighbour> found = base_.search(query, k, filter);
    if (!recent_) return found;
    return merged(found, recent_->search(query, k, selection == nullptr ? nullptr : &selection->recent), k);
}

std::vector<std::int64_t> LiveIndex::ids() const {
    const std::span<const std::int64_t> base = base_.ids();
    std::vector<std::int64_t> ids;
    ids.reserve(static_cast<std::size_t>(size()));
    for (std::size_t row = 0; row < base.size(); ++row) {
        if (!live_ || live_->allows(static_cast<std::int64_t>(row))) ids.push_back(base[row]);
    }
    ids.insert(ids.end(), recent_ids_.begin(), recent_ids_.end());
    return ids;
}

std::vector<std::int64_t> LiveIndex::search_rows(std::span<const float> queries, int k, int threads,
                                                 const Selection* selection) const {
    if (!live_ && !recent_ && selection == nullptr) return base_.search_rows(queries, k, threads);
    const std::size_t count = queries.size() / dimension_, width = static_cast<std::size_t>(k);
    std::vector<std::int64_t> positions(count * width, -1);
    constexpr std::size_t piece = 8;  // queries that a thread takes at a time
    parallel_for(count, thread_count(threads), piece, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            std::int64_t* target = positions.data() + q * width;
            for (const Neighbour& neighbour :
                 search(queries.subspan(q * dimension_, dimension_), k, selection))
                *target++ = position(neighbour.id);
        }
    });
    return positions;
}

std::int64_t LiveIndex::position(std::int64_t id) const {
    if (!recent_ids_.empty() && id >= recent_ids_.front())
        return size() - recent() + (std::ranges::lower_bound(recent_ids_, id) - recent_ids_.begin());
    const std::int64_t row = std::ranges::lower_bound(base_.ids(), id) - base_.ids().begin();
    return live_ ? static_cast<std::int64_t>(live_->allowed_before(row)) : row;
}

std::int64_t LiveIndex::size() const {
    return (live_ ? static_cast<std::int64_t>(live_->allowed()) : base_.size()) + recent();
}

}  // namespace clipsim
