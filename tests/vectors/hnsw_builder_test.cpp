#include "graph/hnsw_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "graph/hnsw_graph.h"
#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 16;

faiss::HNSW built(const ByteRows& rows, int threads) {
    faiss::HNSW graph(8);
    add_to_hnsw(graph, rows, 0, 60, ThreadPool(threads));
    return graph;
}

TEST(HnswBuilder, GivesTheSameGraphOnAnyNumberOfThreads) {
    const ByteRows rows(unit_vectors(3000, dimension), dimension);
    const faiss::HNSW one = built(rows, 1);
    for (const int threads : {2, 5}) {
        const faiss::HNSW more = built(rows, threads);
        EXPECT_EQ(one.neighbors, more.neighbors);
        EXPECT_EQ(one.levels, more.levels);
        EXPECT_EQ(one.entry_point, more.entry_point);
    }
}

TEST(HnswBuilder, ListsHoldOtherNodesOfTheLevelOnceEach) {
    const ByteRows rows(unit_vectors(3000, dimension), dimension);
    const faiss::HNSW graph = built(rows, 2);
    const HnswGraph view(graph, rows);
    for (std::int32_t node = 0; node < 3000; ++node) {
        for (int level = 0; level < graph.levels[static_cast<std::size_t>(node)]; ++level) {
            const auto list = view.neighbours(node, level);
            EXPECT_TRUE(level > 0 || !list.empty()) << node;
            std::set<std::int32_t> seen(list.begin(), list.end());
            EXPECT_EQ(seen.size(), list.size()) << node;
            EXPECT_FALSE(seen.contains(node));
            for (const std::int32_t other : list)
                EXPECT_GT(graph.levels[static_cast<std::size_t>(other)], level) << node << "->" << other;
        }
    }
}

TEST(HnswBuilder, AddsToAGraphThatIsThereAlready) {
    const std::vector<float> vectors = unit_vectors(2000, dimension);
    const ByteRows some(std::span<const float>(vectors).first(1500 * dimension), dimension);
    const ByteRows all(vectors, dimension);
    faiss::HNSW graph(8);
    add_to_hnsw(graph, some, 0, 60, ThreadPool(2));
    add_to_hnsw(graph, all, 1500, 60, ThreadPool(2));
    EXPECT_EQ(graph.levels.size(), 2000U);
    // Each is found from the top, the late ones too.
    const HnswGraph view(graph, all);
    WalkScratch scratch;
    ByteQuery query;
    int found = 0;
    for (std::int32_t node = 0; node < 2000; ++node) {
        all.load(node, query);
        view.beam_search(query, view.descend(query, 0, scratch), 0, 30, scratch);
        found += scratch.beam.front().id == node ? 1 : 0;
    }
    EXPECT_GE(found, 1990);
}

TEST(HnswBuilder, ManyEqualVectorsDoNotCutTheGraphApart) {
    std::vector<float> vectors = unit_vectors(500, dimension);
    for (int copy = 0; copy < 300; ++copy)
        std::copy_n(vectors.begin(), dimension, vectors.begin() + (100 + copy) * dimension);
    const ByteRows rows(vectors, dimension);
    const faiss::HNSW graph = built(rows, 2);
    const HnswGraph view(graph, rows);
    WalkScratch scratch;
    ByteQuery query;
    for (std::int32_t node = 0; node < 500; ++node) {
        rows.load(node, query);
        view.beam_search(query, view.descend(query, 0, scratch), 0, 60, scratch);
        std::int32_t own = 0;
        rows.similarities(query, std::span(&node, 1), &own);
        EXPECT_EQ(scratch.beam.front().similarity, own) << node;
    }
}

TEST(HnswBuilder, NothingAndOneAreFine) {
    faiss::HNSW none(8), one(8);
    add_to_hnsw(none, ByteRows{}, 0, 60, ThreadPool(2));
    EXPECT_EQ(none.entry_point, -1);
    add_to_hnsw(one, ByteRows(unit_vectors(1, dimension), dimension), 0, 60, ThreadPool(2));
    EXPECT_EQ(one.entry_point, 0);
}

}  // namespace
}  // namespace clipsim::testing
