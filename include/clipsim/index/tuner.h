// Finding the cheapest search that is good enough, on the vectors that an index holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "clipsim/core/parallel.h"
#include "clipsim/vectors/index_parameters.h"

namespace clipsim {

struct TunePoint {
    int effort = 0;           // the value of TuneReport::effort_key
    double recall = 0;        // of the 10 nearest, against exact search
    double microseconds = 0;  // per query, one after the other on one thread
};

struct TuneReport {
    std::string effort_key;           // "ef_search", "nprobe"
    std::string build_keys;           // what helps where no effort finds enough
    std::vector<TunePoint> curve;     // by effort; empty for flat, which is exact
    std::optional<TunePoint> chosen;  // the first that reaches the recall asked for
};

class IndexTuning;

// Searches with some of the index's own vectors (each leaving itself out) at growing effort and keeps the
// first that reaches `recall` (0 to 1) for all later searches. Throws Error where no vector can be read.
TuneReport tune(IndexTuning& index, double recall, const ThreadPool& pool = ThreadPool());

}  // namespace clipsim
