// Finding the cheapest search that is good enough, on the vectors that an index holds.
#pragma once

#include <optional>
#include <vector>

#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

struct TunePoint {
    int effort = 0;           // ef_search, or nprobe
    double recall = 0;        // of the 10 nearest, against exact search
    double microseconds = 0;  // a query, one after the other on one thread
};

struct TuneReport {
    IndexType type = IndexType::flat;
    std::vector<TunePoint> curve;     // by effort; empty for flat, which is exact
    std::optional<TunePoint> chosen;  // the first that reaches the recall asked for
};

class IndexTuning;

// Searches with some of the index's own vectors (each leaving itself out) at growing effort and keeps the
// first that reaches `recall` for all later searches.
TuneReport tune(IndexTuning& index, double recall);

}  // namespace clipsim
