#include "graph/hnsw_graph.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/hnsw_builder.h"
#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 16;

faiss::HNSW built(const ByteRows& rows) {
    faiss::HNSW graph(8);
    add_to_hnsw(graph, rows, 0, 60, ThreadPool(2));
    return graph;
}

class HnswGraphTest : public ::testing::Test {
  protected:
    std::vector<float> vectors_ = unit_vectors(1000, dimension);
    ByteRows rows_{vectors_, dimension};
    faiss::HNSW hnsw_ = built(rows_);
    HnswGraph graph_{hnsw_, rows_};
    WalkScratch scratch_;
};

TEST_F(HnswGraphTest, ABeamIsInOrderAndHoldsEachNodeOnce) {
    const std::vector<float> queries = unit_vectors(20, dimension, 4);
    for (std::size_t q = 0; q < 20; ++q) {
        const ByteQuery query = rows_.encode(std::span(queries).subspan(q * dimension, dimension));
        graph_.beam_search(query, graph_.descend(query, 0, scratch_), 0, 40, scratch_);
        EXPECT_EQ(scratch_.beam.size(), 40U);
        EXPECT_TRUE(std::ranges::is_sorted(scratch_.beam, std::greater{}, &GraphCandidate::similarity));
        std::vector<std::int32_t> ids;
        for (const auto& entry : scratch_.beam) ids.push_back(entry.id);
        std::ranges::sort(ids);
        EXPECT_EQ(std::ranges::adjacent_find(ids), ids.end());
    }
}

TEST_F(HnswGraphTest, ABeamAsWideAsTheGraphFindsAll) {
    const ByteQuery query = rows_.encode(unit_vectors(1, dimension, 4));
    graph_.beam_search(query, graph_.descend(query, 0, scratch_), 0, 1000, scratch_);
    EXPECT_EQ(scratch_.beam.size(), 1000U);
}

TEST_F(HnswGraphTest, AScratchServesMoreWalksThanItsMarksCanCount) {
    const ByteQuery query = rows_.encode(unit_vectors(1, dimension, 4));
    graph_.beam_search(query, graph_.descend(query, 0, scratch_), 0, 20, scratch_);
    const std::int32_t nearest = scratch_.beam.front().id;
    for (int walk = 0; walk < 600; ++walk) {
        graph_.beam_search(query, graph_.descend(query, 0, scratch_), 0, 20, scratch_);
        ASSERT_EQ(scratch_.beam.size(), 20U);
        ASSERT_EQ(scratch_.beam.front().id, nearest);
    }
}

}  // namespace
}  // namespace clipsim::testing
