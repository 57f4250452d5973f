#include "hnsw_search.h"

#include <algorithm>

#include "flat_search.h"

namespace clipsim {

namespace {

// How many of the beam's best are scored again: bytes may put a neighbour a few places too low, not many.
std::size_t worth_scoring(std::size_t k) {
    return std::max<std::size_t>(2 * k, k + 24);
}

}  // namespace

class HnswSearch::BorrowedScratch {
  public:
    explicit BorrowedScratch(const HnswSearch& search) : search_(search) {
        const std::scoped_lock lock(search.mutex_);
        if (search.idle_.empty()) {
            scratch_ = std::make_unique<WalkScratch>();
        } else {
            scratch_ = std::move(search.idle_.back());
            search.idle_.pop_back();
        }
    }
    ~BorrowedScratch() {
        const std::scoped_lock lock(search_.mutex_);
        search_.idle_.push_back(std::move(scratch_));
    }
    BorrowedScratch(const BorrowedScratch&) = delete;
    BorrowedScratch& operator=(const BorrowedScratch&) = delete;
    WalkScratch& operator*() { return *scratch_; }

  private:
    const HnswSearch& search_;
    std::unique_ptr<WalkScratch> scratch_;
};

HnswSearch::HnswSearch(IndexView view, ByteRows bytes, const IndexConfig& config)
    : rows_(std::move(view.rows)), bytes_(std::move(bytes)), graph_(std::move(*view.graph), bytes_) {
    HnswSearch::set_parameters(config);
}

void HnswSearch::set_parameters(const IndexConfig& config) {
    ef_search_ = static_cast<std::size_t>(config.hnsw.ef_search.value_or(HnswConfig::default_ef_search));
}

std::vector<ScoredRow> HnswSearch::scored_again(std::span<const float> query,
                                                std::span<const WalkScratch::Entry> beam,
                                                std::size_t k) const {
    std::vector<std::int32_t> ids;
    for (const WalkScratch::Entry& entry : beam.first(std::min(beam.size(), worth_scoring(k))))
        ids.push_back(entry.id);
    std::vector<float> scores(ids.size());
    rows_.scores_at(rows_.prepare(query), ids, scores.data());
    std::vector<ScoredRow> found;
    for (std::size_t i = 0; i < ids.size(); ++i) found.push_back({scores[i], ids[i]});
    const std::size_t kept = std::min(k, found.size());
    std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(kept), comes_before);
    found.resize(kept);
    return found;
}

// A walk for `width` allowed nodes expands width / selectivity of them and scores some `per_expansion` rows
// at each (in bytes, counted in what scoring one in fp32 costs); a scan scores the allowed rows.
bool HnswSearch::is_sparse(const RowFilter& filter, std::size_t width) const {
    constexpr double per_expansion = 4;
    const auto allowed = static_cast<double>(filter.allowed());
    return allowed * filter.selectivity() <= per_expansion * static_cast<double>(width);
}

std::vector<ScoredRow> HnswSearch::nearest(std::span<const float> query, std::size_t k,
                                           const RowFilter* filter) const {
    if (filter != nullptr) k = std::min(k, filter->allowed());
    const std::size_t width = std::max(ef_search_, k);
    if (rows_.size() > 0 && (filter == nullptr || !is_sparse(*filter, width))) {
        BorrowedScratch scratch(*this);
        const ByteQuery bytes = bytes_.encode(query);
        const GraphCandidate start = graph_.descend(bytes, 0, *scratch);
        if (filter == nullptr) {
            graph_.beam_search(bytes, start, 0, width, *scratch);
        } else {
            graph_.filtered_beam_search(bytes, start, 0, width, *filter, *scratch);
        }
        if ((*scratch).beam.size() >= k) return scored_again(query, (*scratch).beam, k);
    }
    return exact_nearest(rows_, query, k, filter);
}

}  // namespace clipsim
