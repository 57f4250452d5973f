// Search in an HNSW index: the graph is walked with vectors of bytes, what is found is scored again with
// those that the index keeps.
#include <algorithm>
#include <memory>
#include <mutex>

#include "graph/hnsw_graph.h"
#include "search/flat_search.h"
#include "search/row_search.h"

namespace clipsim {

namespace {

constexpr std::size_t rows_at_a_time = 16;

// How many of the beam's best are scored again where it is not known how far off codes can be.
std::size_t worth_scoring(std::size_t k) {
    return std::max<std::size_t>(2 * k, k + 24);
}

class HnswSearch : public RowSearch {
  public:
    HnswSearch(IndexView view, ByteRows bytes, const IndexParameters& config)
        : rows_(std::move(view.rows)), bytes_(std::move(bytes)), graph_(std::move(*view.graph), bytes_) {
        HnswSearch::set_parameters(config);
    }

    void set_parameters(const IndexParameters& config) override {
        ef_search_ = static_cast<std::size_t>(config.hnsw.ef_search.value_or(HnswConfig::default_ef_search));
    }

    // Looks at everything (that the filter allows) where the graph gives out before k, and where so few rows
    // are allowed that this costs less than the walk to them.
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k, const RowFilter* filter,
                                   const ThreadPool& /*pool*/) const override {
        if (filter != nullptr) k = std::min(k, filter->allowed());
        const std::size_t width = std::max(ef_search_, k);
        if (rows_.size() > 0 && (filter == nullptr || !is_sparse(*filter, width))) {
            const std::unique_ptr<WalkScratch, GiveBack> scratch = take_scratch();
            const ByteQuery bytes = bytes_.encode(query);
            const GraphCandidate start = graph_.descend(bytes, 0, *scratch);
            if (filter == nullptr) {
                graph_.beam_search(bytes, start, 0, width, *scratch);
            } else {
                graph_.filtered_beam_search(bytes, start, 0, width, *filter, *scratch);
            }
            if (scratch->beam.size() >= k) return scored_again(query, bytes, scratch->beam, k);
        }
        return exact_nearest(rows_, query, k, filter);
    }

  private:
    // From the best of the beam on, until bytes say of the next that it is no nearer than the k found.
    std::vector<ScoredRow> scored_again(std::span<const float> query, const ByteQuery& bytes,
                                        std::span<const WalkScratch::Entry> beam, std::size_t k) const {
        if (bytes_.of_codes()) beam = beam.first(std::min(beam.size(), worth_scoring(k)));
        const RowQuery prepared = rows_.prepare(query);
        TopK best(k);
        std::vector<std::int32_t> ids;
        std::vector<float> scores;
        for (std::size_t at = 0; at < beam.size(); at += ids.size()) {
            if (best.full() && !bytes_.of_codes() &&
                beam[at].similarity < bytes_.likely_similarity(bytes, best.worst_score()))
                break;
            ids.clear();
            for (const WalkScratch::Entry& entry :
                 beam.subspan(at, std::min(rows_at_a_time, beam.size() - at)))
                ids.push_back(entry.id);
            scores.resize(ids.size());
            rows_.scores_at(prepared, ids, scores.data());
            for (std::size_t i = 0; i < ids.size(); ++i) best.offer(scores[i], ids[i]);
        }
        return best.take();
    }

    // A walk for `width` allowed nodes expands width / selectivity of them and scores some `per_expansion`
    // rows at each (in bytes, counted in what scoring one in fp32 costs); a scan scores the allowed rows.
    bool is_sparse(const RowFilter& filter, std::size_t width) const {
        constexpr double per_expansion = 4;
        const auto allowed = static_cast<double>(filter.allowed());
        return allowed * filter.selectivity() <= per_expansion * static_cast<double>(width);
    }

    struct GiveBack {
        const HnswSearch* search;
        void operator()(WalkScratch* scratch) const {
            const std::scoped_lock lock(search->mutex_);
            search->idle_.emplace_back(scratch);
        }
    };
    std::unique_ptr<WalkScratch, GiveBack> take_scratch() const {
        const std::scoped_lock lock(mutex_);
        if (idle_.empty()) return {std::make_unique<WalkScratch>().release(), GiveBack{this}};
        WalkScratch* scratch = idle_.back().release();
        idle_.pop_back();
        return {scratch, GiveBack{this}};
    }

    StoredRows rows_;
    ByteRows bytes_;
    HnswGraph graph_;
    std::size_t ef_search_ = 0;
    mutable std::mutex mutex_;
    mutable std::vector<std::unique_ptr<WalkScratch>> idle_;  // one for each search at a time
};

}  // namespace

std::unique_ptr<RowSearch> make_hnsw_search(IndexView view, ByteRows bytes, const IndexParameters& config) {
    return std::make_unique<HnswSearch>(std::move(view), std::move(bytes), config);
}

}  // namespace clipsim
