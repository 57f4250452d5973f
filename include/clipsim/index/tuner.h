// Finding the cheapest search that is good enough, on the vectors that an index holds.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "clipsim/core/config.h"

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

// Searches with up to 1,000 of the index's own vectors (each leaving itself out) at growing effort and writes
// the first that reaches `recall` to the manifest, where searches find it. Throws UsageError when there is no
// index; Error when another process updates it.
TuneReport tune_index(const std::filesystem::path& index_dir, double recall);
// The same for the index in a server, through its own way of searching; up to 200 of its vectors.
TuneReport tune_server_index(const IndexConfig& config, double recall);

}  // namespace clipsim
