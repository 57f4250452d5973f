// Walking an HNSW graph (Malkov and Yashunin 2016, https://arxiv.org/abs/1603.09320). The graph itself is
// FAISS's, as it lies in index.faiss; the vectors it is walked with are bytes.
#pragma once

#include <faiss/impl/HNSW.h>

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "clipsim/vectors/row_filter.h"
#include "rows/byte_rows.h"
#include "rows/index_view.h"

namespace clipsim {

struct GraphCandidate {
    std::int32_t similarity = 0;  // higher is nearer
    std::int32_t id = 0;
};

// What one thread needs while it walks; used again from walk to walk.
class WalkScratch {
  public:
    // Forgets what was visited. `nodes`: the size of the graph.
    void begin(std::size_t nodes);
    // True the first time since begin().
    bool visit(std::int32_t id) {
        std::uint8_t& mark = marks_[static_cast<std::size_t>(id)];
        if (mark == epoch_) return false;
        mark = epoch_;
        return true;
    }

    struct Entry : GraphCandidate {
        bool expanded = false;
    };
    std::vector<Entry> beam;               // best first
    std::vector<std::int32_t> ids;         // the unvisited neighbours of the node at hand
    std::vector<std::int32_t> scores;      // of `ids`
    std::vector<GraphCandidate> frontier;  // of a filtered search: a heap of what is not expanded yet

  private:
    std::vector<std::uint8_t> marks_;
    std::uint8_t epoch_ = 0;
};

// The graph has to outlive the view.
GraphView view_of(const faiss::HNSW& graph);
// A copy, to which about `more` nodes will be added. Throws Error for a graph that contradicts itself, as a
// damaged file's may.
faiss::HNSW copy_of(const GraphView& graph, std::size_t more);

class HnswGraph {
  public:
    // Both have to outlive this. Links may change, the number of nodes and the entry point not.
    HnswGraph(const faiss::HNSW& graph, const ByteRows& rows) : HnswGraph(view_of(graph), rows) {}
    HnswGraph(GraphView graph, const ByteRows& rows) : graph_(std::move(graph)), rows_(rows) {}

    // The neighbours of a node on a level (0: the lowest).
    std::vector<std::int32_t> neighbours(std::int32_t node, int level) const;

    // From the entry point down to `level`, always to the nearest neighbour.
    GraphCandidate descend(const ByteQuery& query, int level, WalkScratch& scratch) const;

    // The `width` nearest that a beam of that width finds on a level: scratch.beam, best first.
    void beam_search(const ByteQuery& query, const GraphCandidate& start, int level, std::size_t width,
                     WalkScratch& scratch) const;

    // The same among the nodes that the filter allows; the way leads over the others too (as in hnswlib,
    // https://github.com/nmslib/hnswlib), so that the fewer are allowed, the more is looked at. All that can
    // be reached is looked at before fewer than `width` are given.
    void filtered_beam_search(const ByteQuery& query, const GraphCandidate& start, int level,
                              std::size_t width, const RowFilter& filter, WalkScratch& scratch) const;

  private:
    struct Links {
        UnalignedArray<std::int32_t> ids;  // ended by -1 where there are fewer than
        std::size_t most = 0;
    };

    Links links_of(std::int32_t node, int level) const;
    void score_neighbours(const ByteQuery& query, std::int32_t node, int level, WalkScratch& scratch) const;

    GraphView graph_;
    const ByteRows& rows_;
};

}  // namespace clipsim
