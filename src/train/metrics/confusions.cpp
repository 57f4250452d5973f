#include "clipsim/train/confusions.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace clipsim {

std::vector<Confusion> confusions(std::span<const RankedQuery> results, std::span<const int> labels) {
    std::map<int, std::size_t> queries;
    std::map<std::pair<int, int>, Confusion> pairs;
    for (const RankedQuery& result : results) {
        const int actual = labels[result.query], found = labels[result.nearest];
        ++queries[actual];
        if (actual == found) continue;
        Confusion& pair = pairs[{actual, found}];
        if (pair.count == 0 || result.first_hit > pair.example.first_hit) pair.example = result;
        ++pair.count;
    }
    std::vector<Confusion> sorted;
    for (auto& [classes, pair] : pairs) {
        std::tie(pair.actual, pair.found) = classes;
        pair.queries = queries[pair.actual];
        sorted.push_back(pair);
    }
    // Of equal counts, the one of fewer queries; then in the order of the classes.
    std::ranges::stable_sort(sorted, [](const Confusion& a, const Confusion& b) {
        return a.count != b.count ? a.count > b.count : a.queries < b.queries;
    });
    return sorted;
}

}  // namespace clipsim
