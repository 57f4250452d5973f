// Search in FAISS's inverted lists: the lists of the nprobe centroids nearest to the query.
#include <algorithm>
#include <array>
#include <cmath>

#include "rows/index_view.h"
#include "search/flat_search.h"
#include "search/row_search.h"

namespace clipsim {

namespace {

constexpr std::size_t block = 256;  // scores that stay in the nearest cache

// `rows`: how many the index has; a damaged list may name others.
void offer_list(const InvertedLists::List& list, const StoredRows& codes, std::size_t rows,
                const RowQuery& query, float centroid_score, const RowFilter* filter, TopK& best) {
    std::array<float, block> scores;
    for (std::size_t first = 0; first < list.size; first += block) {
        const std::size_t count = std::min(block, list.size - first);
        codes.scores(query, first, std::span(scores).first(count));
        for (std::size_t i = 0; i < count; ++i) {
            const float score = scores[i] + centroid_score;
            if (best.full() && score < best.worst_score()) continue;
            const std::int64_t row = list.rows[first + i];
            if (static_cast<std::uint64_t>(row) >= rows) continue;
            if (filter == nullptr || filter->allows(row)) best.offer(score, row);
        }
    }
}

class IvfSearch : public RowSearch {
  public:
    IvfSearch(InvertedLists lists, std::size_t count, const IndexParameters& config)
        : inverted_(std::move(lists)), count_(count) {
        IvfSearch::set_parameters(config);
    }

    void set_parameters(const IndexParameters& config) override {
        nprobe_ = static_cast<std::size_t>(config.ivf.nprobe.value_or(IvfConfig::default_nprobe));
    }

    // Looks at all lists where those of nprobe centroids give out before k.
    std::vector<ScoredRow> nearest(std::span<const float> query, std::size_t k, const RowFilter* filter,
                                   const ThreadPool& /*pool*/) const override {
        k = std::min(k, filter == nullptr ? count_ : filter->allowed());
        if (k == 0) return {};
        const std::size_t lists = inverted_.lists.size();
        const RowQuery prepared = inverted_.format.prepare(query);
        TopK best(k);
        const std::size_t some = lists_for(filter);
        std::vector<ScoredRow> centroids = exact_nearest(inverted_.centroids, query, some);
        const auto look_at = [&](const ScoredRow& centroid) {
            const InvertedLists::List& list = inverted_.lists[static_cast<std::size_t>(centroid.row)];
            offer_list(list, inverted_.format.with(list.codes, list.size), count_, prepared,
                       inverted_.of_residuals ? centroid.score : 0, filter, best);
        };
        for (const ScoredRow& centroid : centroids) look_at(centroid);
        if (best.full() || some == lists) return best.take();
        // The probed lists gave out before k: on with the others.
        centroids = exact_nearest(inverted_.centroids, query, lists);
        for (std::size_t i = some; i < lists; ++i) look_at(centroids[i]);
        return best.take();
    }

  private:
    // As many as hold, in all likelihood, as many allowed rows as nprobe lists hold rows.
    std::size_t lists_for(const RowFilter* filter) const {
        const double share = filter == nullptr ? 1.0 : filter->selectivity();
        const double wanted = std::ceil(static_cast<double>(nprobe_) / share);
        return static_cast<std::size_t>(std::min(wanted, static_cast<double>(inverted_.lists.size())));
    }

    InvertedLists inverted_;
    std::size_t count_;
    std::size_t nprobe_ = 1;
};

}  // namespace

std::unique_ptr<RowSearch> make_ivf_search(InvertedLists lists, std::size_t count,
                                           const IndexParameters& config) {
    return std::make_unique<IvfSearch>(std::move(lists), count, config);
}

}  // namespace clipsim
