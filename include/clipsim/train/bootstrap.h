// How far the metrics of a small set of queries can be trusted: percentile bootstrap over the queries (Efron
// 1979). No torch here.
#pragma once

#include <cstdint>
#include <span>

#include "clipsim/train/metrics.h"

namespace clipsim {

// The bounds of the 95% interval, metric by metric; `queries` is 0 in both.
struct RetrievalIntervals {
    RetrievalMetrics low, high;
};

// Each of `samples` draws as many queries as there are, with replacement. The same seed gives the same
// numbers on every machine. The photos that are searched stay as they are: the interval is about other
// queries, not about another collection.
RetrievalIntervals bootstrap(std::span<const RankedQuery> results, int samples, std::uint64_t seed);

// The same of after less before, both for the same queries in the same order: a query that is hard is hard in
// both spaces, so this interval is narrower than the two apart suggest. An interval without 0 is a change.
RetrievalIntervals bootstrap_change(std::span<const RankedQuery> before, std::span<const RankedQuery> after,
                                    int samples, std::uint64_t seed);

}  // namespace clipsim
