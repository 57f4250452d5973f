#include "clipsim/train/bootstrap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace clipsim {

namespace {

constexpr double tail = 0.025;  // on each side of a 95% interval

// In the order of `members`.
using Figures = std::array<double, 6>;
constexpr std::array<double RetrievalMetrics::*, 6> members{
    &RetrievalMetrics::triplet_accuracy, &RetrievalMetrics::recall_at_1,
    &RetrievalMetrics::recall_at_5,      &RetrievalMetrics::recall_at_10,
    &RetrievalMetrics::r_precision,      &RetrievalMetrics::mean_average_precision_at_r};

Figures figures_of(const RankedQuery& result) {
    const auto within = [&](std::size_t k) { return result.first_hit <= k ? 1.0 : 0.0; };
    return {result.triplet_accuracy,      within(1), within(5), within(10), result.r_precision,
            result.average_precision_at_r};
}

// With linear interpolation between the two neighbours, as NumPy's percentile.
double quantile(const std::vector<double>& sorted, double share) {
    const double position = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return std::lerp(sorted[below], sorted[above], position - static_cast<double>(below));
}

RetrievalIntervals intervals_of(const std::vector<Figures>& queries, int samples, std::uint64_t seed) {
    RetrievalIntervals intervals;
    if (queries.empty() || samples < 1) return intervals;
    std::mt19937_64 random(seed);
    const auto count = static_cast<double>(queries.size());
    std::array<std::vector<double>, members.size()> means;
    for (int sample = 0; sample < samples; ++sample) {
        Figures sums{};
        for (std::size_t i = 0; i < queries.size(); ++i) {
            // Standard distributions differ between libraries; the generator does not.
            const auto drawn =
                static_cast<std::size_t>(static_cast<double>(random() >> 11) * 0x1.0p-53 * count);
            for (std::size_t m = 0; m < sums.size(); ++m) sums[m] += queries[drawn][m];
        }
        for (std::size_t m = 0; m < sums.size(); ++m) means[m].push_back(sums[m] / count);
    }
    for (std::size_t m = 0; m < members.size(); ++m) {
        std::ranges::sort(means[m]);
        intervals.low.*members[m] = quantile(means[m], tail);
        intervals.high.*members[m] = quantile(means[m], 1 - tail);
    }
    return intervals;
}

}  // namespace

RetrievalIntervals bootstrap(std::span<const RankedQuery> results, int samples, std::uint64_t seed) {
    std::vector<Figures> queries;
    queries.reserve(results.size());
    for (const RankedQuery& result : results) queries.push_back(figures_of(result));
    return intervals_of(queries, samples, seed);
}

RetrievalIntervals bootstrap_change(std::span<const RankedQuery> before, std::span<const RankedQuery> after,
                                    int samples, std::uint64_t seed) {
    std::vector<Figures> changes;
    changes.reserve(before.size());
    for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i) {
        Figures change = figures_of(after[i]);
        const Figures start = figures_of(before[i]);
        for (std::size_t m = 0; m < change.size(); ++m) change[m] -= start[m];
        changes.push_back(change);
    }
    return intervals_of(changes, samples, seed);
}

}  // namespace clipsim
