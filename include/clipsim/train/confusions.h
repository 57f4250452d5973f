// Which class's photos are found in place of another's. No torch here.
#pragma once

#include <span>
#include <vector>

#include "clipsim/train/metrics.h"

namespace clipsim {

// Queries of class `actual` whose nearest photo is of class `found`.
struct Confusion {
    int actual = 0;
    int found = 0;
    std::size_t count = 0;    // of such queries
    std::size_t queries = 0;  // of class `actual` in all
    RankedQuery example;      // of them, the one whose own class is farthest down
};

// All pairs that occur, the most frequent first; of equally frequent ones, the larger share of its class.
// labels: [N], those that the results come from.
std::vector<Confusion> confusions(std::span<const RankedQuery> results, std::span<const int> labels);

}  // namespace clipsim
