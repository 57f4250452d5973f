#include "clipsim/index/neighbour_source.h"

#include <algorithm>

#include "clipsim/core/parallel.h"

namespace clipsim {

std::vector<std::int64_t> search_rows(const NeighbourSource& source, std::span<const std::int64_t> ids,
                                      std::span<const float> queries, int k, const ImageFilter& where,
                                      int threads) {
    const auto dimension = static_cast<std::size_t>(source.description().identity.dimension);
    const std::size_t count = queries.size() / dimension, width = static_cast<std::size_t>(k);
    std::vector<std::int64_t> positions(count * width, -1);
    parallel_for(count, thread_count(threads), 1, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t q = begin; q < end; ++q) {
            std::int64_t* target = positions.data() + q * width;
            const auto query = queries.subspan(q * dimension, dimension);
            for (const FoundImage& image : source.nearest(query, k, IndexSpace::own, where)) {
                const auto at = std::ranges::lower_bound(ids, image.id);
                // An image that came since the ids were read has no row in their order.
                if (at != ids.end() && *at == image.id) *target++ = at - ids.begin();
            }
        }
    });
    return positions;
}

}  // namespace clipsim
