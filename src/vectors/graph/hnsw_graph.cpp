#include "graph/hnsw_graph.h"

#include <algorithm>
#include <cstring>

#include "clipsim/core/error.h"

namespace clipsim {

namespace {

using Entry = WalkScratch::Entry;

// Where it was put; beam.size() where it is too far away to belong.
std::size_t insert(std::vector<Entry>& beam, std::size_t width, const GraphCandidate& candidate) {
    if (beam.size() == width) {
        if (beam.back().similarity >= candidate.similarity) return width;
        beam.pop_back();
    }
    const auto place = std::upper_bound(
        beam.begin(), beam.end(), candidate.similarity,
        [](std::int32_t similarity, const Entry& entry) { return similarity > entry.similarity; });
    return static_cast<std::size_t>(beam.insert(place, Entry{candidate, false}) - beam.begin());
}

}  // namespace

GraphView view_of(const faiss::HNSW& graph) {
    static_assert(sizeof(graph.levels[0]) == 4 && sizeof(graph.offsets[0]) == 8 &&
                  sizeof(graph.neighbors[0]) == 4);
    GraphView view;
    view.nodes = graph.levels.size();
    view.levels = UnalignedArray<std::int32_t>(graph.levels.data());
    view.offsets = UnalignedArray<std::uint64_t>(graph.offsets.data());
    view.neighbours = UnalignedArray<std::int32_t>(graph.neighbors.data());
    view.links = graph.neighbors.size();
    view.lists.assign(graph.cum_nneighbor_per_level.begin(), graph.cum_nneighbor_per_level.end());
    view.level_shares = graph.assign_probas;
    view.entry_point = graph.entry_point;
    view.max_level = graph.max_level;
    return view;
}

faiss::HNSW copy_of(const GraphView& graph, std::size_t more) {
    const auto expect = [](bool right) {
        if (!right) throw Error("the lists of its graph contradict each other");
    };
    const auto fill = [](auto& values, std::size_t count, const auto& from) {
        values.resize(count);
        if (count > 0) std::memcpy(values.data(), from.at(0), count * sizeof values[0]);
    };
    faiss::HNSW copy;
    copy.assign_probas = graph.level_shares;
    copy.cum_nneighbor_per_level.assign(graph.lists.begin(), graph.lists.end());
    fill(copy.levels, graph.nodes, graph.levels);
    fill(copy.offsets, graph.nodes + 1, graph.offsets);
    // Lest growing has it in memory twice; later releases of FAISS have a container without it.
    const auto make_room = [](auto& values, std::size_t count) {
        if constexpr (requires { values.reserve(count); }) values.reserve(count);
    };
    make_room(copy.neighbors, graph.links + more * (graph.lists.size() > 1 ? graph.lists[1] * 5 / 4 : 0));
    fill(copy.neighbors, graph.links, graph.neighbours);
    copy.entry_point = graph.entry_point;
    copy.max_level = graph.max_level;
    const auto levels_of = [&](std::int32_t node) { return copy.levels[static_cast<std::size_t>(node)]; };
    expect(copy.offsets[0] == 0 && copy.assign_probas.size() < graph.lists.size());
    for (std::size_t node = 0; node < graph.nodes; ++node) {
        const int levels = copy.levels[node];
        expect(levels > 0 && static_cast<std::size_t>(levels) < graph.lists.size());
        const std::size_t start = copy.offsets[node];
        expect(copy.offsets[node + 1] == start + graph.lists[static_cast<std::size_t>(levels)] &&
               copy.offsets[node + 1] <= graph.links);
        for (int level = 0; level < levels; ++level) {
            const auto at = static_cast<std::size_t>(level);
            for (std::size_t i = graph.lists[at]; i < graph.lists[at + 1]; ++i) {
                const std::int32_t neighbour = copy.neighbors[start + i];
                if (neighbour < 0) break;
                expect(static_cast<std::size_t>(neighbour) < graph.nodes && levels_of(neighbour) > level);
            }
        }
    }
    expect(graph.nodes > 0 && levels_of(graph.entry_point) == graph.max_level + 1);
    return copy;
}

void WalkScratch::begin(std::size_t nodes) {
    if (marks_.size() < nodes || epoch_ == 255) {
        marks_.assign(nodes, 0);
        epoch_ = 0;
    }
    ++epoch_;
}

// A mapped file may be damaged where nobody has read it yet: what it says is believed as far as it lies in
// it.
HnswGraph::Links HnswGraph::links_of(std::int32_t node, int level) const {
    const auto at = static_cast<std::size_t>(level);
    const std::uint64_t offset = graph_.offsets[static_cast<std::size_t>(node)];
    const std::uint64_t end = offset + graph_.lists[at + 1];
    if (end < offset || end > graph_.links) return {};
    return {UnalignedArray<std::int32_t>(graph_.neighbours.at(offset + graph_.lists[at])),
            graph_.lists[at + 1] - graph_.lists[at]};
}

std::vector<std::int32_t> HnswGraph::neighbours(std::int32_t node, int level) const {
    const Links links = links_of(node, level);
    std::vector<std::int32_t> found;
    for (std::size_t i = 0; i < links.most && links.ids[i] >= 0; ++i) found.push_back(links.ids[i]);
    return found;
}

void HnswGraph::score_neighbours(const ByteQuery& query, std::int32_t node, int level,
                                 WalkScratch& scratch) const {
    const Links links = links_of(node, level);
    scratch.ids.clear();
    for (std::size_t i = 0; i < links.most; ++i) {
        const std::int32_t neighbour = links.ids[i];
        // -1, or what only a damaged file says
        if (static_cast<std::uint32_t>(neighbour) >= graph_.nodes) break;
        if (scratch.visit(neighbour)) scratch.ids.push_back(neighbour);
    }
    scratch.scores.resize(scratch.ids.size());
    rows_.similarities(query, scratch.ids, scratch.scores.data());
}

GraphCandidate HnswGraph::descend(const ByteQuery& query, int level, WalkScratch& scratch) const {
    GraphCandidate best{0, graph_.entry_point};
    rows_.similarities(query, std::span(&best.id, 1), &best.similarity);
    for (int at = graph_.max_level; at > level; --at) {
        scratch.begin(graph_.nodes);
        scratch.visit(best.id);
        for (bool moved = true; moved;) {
            moved = false;
            score_neighbours(query, best.id, at, scratch);
            for (std::size_t i = 0; i < scratch.ids.size(); ++i) {
                if (scratch.scores[i] <= best.similarity) continue;
                best = {scratch.scores[i], scratch.ids[i]};
                moved = true;
            }
        }
    }
    return best;
}

void HnswGraph::beam_search(const ByteQuery& query, const GraphCandidate& start, int level, std::size_t width,
                            WalkScratch& scratch) const {
    scratch.begin(graph_.nodes);
    scratch.visit(start.id);
    scratch.beam.clear();
    scratch.beam.push_back({start, false});
    for (std::size_t next = 0; next < scratch.beam.size();) {
        if (scratch.beam[next].expanded) {
            ++next;
            continue;
        }
        scratch.beam[next].expanded = true;
        // Most likely the next: its list is on its way meanwhile.
        if (next + 1 < scratch.beam.size())
            __builtin_prefetch(links_of(scratch.beam[next + 1].id, level).ids.at(0));
        score_neighbours(query, scratch.beam[next].id, level, scratch);
        std::size_t nearest_new = next + 1;
        for (std::size_t i = 0; i < scratch.ids.size(); ++i) {
            nearest_new =
                std::min(nearest_new, insert(scratch.beam, width, {scratch.scores[i], scratch.ids[i]}));
        }
        next = nearest_new;
    }
}

void HnswGraph::filtered_beam_search(const ByteQuery& query, const GraphCandidate& start, int level,
                                     std::size_t width, const RowFilter& filter, WalkScratch& scratch) const {
    scratch.begin(graph_.nodes);
    scratch.visit(start.id);
    scratch.beam.clear();
    scratch.frontier.assign(1, start);
    if (filter.allows(start.id)) scratch.beam.push_back({start, true});
    constexpr auto nearest_on_top = [](const GraphCandidate& a, const GraphCandidate& b) {
        return a.similarity != b.similarity ? a.similarity < b.similarity : a.id > b.id;
    };
    const auto too_far = [&](std::int32_t similarity) {
        return scratch.beam.size() == width && similarity <= scratch.beam.back().similarity;
    };
    while (!scratch.frontier.empty()) {
        std::ranges::pop_heap(scratch.frontier, nearest_on_top);
        const GraphCandidate nearest = scratch.frontier.back();
        scratch.frontier.pop_back();
        if (too_far(nearest.similarity) && nearest.similarity < scratch.beam.back().similarity) break;
        score_neighbours(query, nearest.id, level, scratch);
        for (std::size_t i = 0; i < scratch.ids.size(); ++i) {
            const GraphCandidate candidate{scratch.scores[i], scratch.ids[i]};
            if (too_far(candidate.similarity)) continue;
            scratch.frontier.push_back(candidate);
            std::ranges::push_heap(scratch.frontier, nearest_on_top);
            if (filter.allows(candidate.id)) insert(scratch.beam, width, candidate);
        }
    }
}

}  // namespace clipsim
