#include "graph/hnsw_builder.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "clipsim/core/interrupt.h"
#include "graph/hnsw_graph.h"

namespace clipsim {

namespace {

// A batch's share of the graph it is added to. Larger ones see less of each other, smaller ones wait more
// often.
constexpr double batch_share = 0.02;
constexpr std::size_t largest_batch = 4096;
constexpr std::size_t piece = 16;  // nodes a thread takes at a time

struct BackLink {
    std::int32_t node = 0;  // whose list it goes into
    std::int32_t level = 0;
    std::int32_t from = 0;
    std::int32_t similarity = 0;
    auto order() const { return std::tie(node, level, from); }
};

class Builder {
  public:
    Builder(faiss::HNSW& graph, const ByteRows& rows, int ef_construction, const ThreadPool& pool,
            const std::stop_token& stop)
        : graph_(graph),
          rows_(rows),
          width_(static_cast<std::size_t>(ef_construction)),
          pool_(pool),
          stop_(stop),
          workers_(pool.size()) {}

    void add(std::size_t first) {
        std::size_t done = first;
        if (done == 0 && rows_.size() > 0) {
            graph_.entry_point = 0;
            graph_.max_level = level_of(0);
            done = 1;
        }
        while (done < rows_.size()) {
            const auto share = static_cast<std::size_t>(static_cast<double>(done) * batch_share);
            const std::size_t size =
                std::min(std::clamp<std::size_t>(share, 1, largest_batch), rows_.size() - done);
            add_batch(done, done + size);
            done += size;
        }
    }

  private:
    struct Worker {
        WalkScratch scratch;
        ByteQuery query;
        std::vector<GraphCandidate> candidates, chosen;
        std::vector<std::int32_t> ids, scores;
        std::vector<BackLink> links;
    };

    int level_of(std::int32_t node) const { return graph_.levels[static_cast<std::size_t>(node)] - 1; }

    std::span<std::int32_t> list_of(std::int32_t node, int level) {
        const std::size_t start = graph_.offsets[static_cast<std::size_t>(node)];
        const auto at = [&](int l) {
            return static_cast<std::size_t>(graph_.cum_nneighbor_per_level[static_cast<std::size_t>(l)]);
        };
        return {graph_.neighbors.data() + start + at(level), at(level + 1) - at(level)};
    }

    // Malkov's heuristic: from the nearest on, those that are nearer to the node than to all chosen before.
    void choose(Worker& worker, std::size_t most) {
        worker.chosen.clear();
        worker.ids.clear();
        for (const GraphCandidate& candidate : worker.candidates) {
            if (worker.chosen.size() == most) break;
            rows_.load(candidate.id, worker.query);
            worker.scores.resize(worker.ids.size());
            rows_.similarities(worker.query, worker.ids, worker.scores.data());
            const bool hidden = std::ranges::any_of(
                worker.scores, [&](std::int32_t similarity) { return similarity > candidate.similarity; });
            if (hidden) continue;
            worker.chosen.push_back(candidate);
            worker.ids.push_back(candidate.id);
        }
    }

    // Finds and writes the lists of one new node, which nobody looks at yet.
    void connect(const HnswGraph& walk, std::int32_t node, Worker& worker) {
        ByteQuery query;
        rows_.load(node, query);
        const int top = std::min(level_of(node), graph_.max_level);
        GraphCandidate start = walk.descend(query, top, worker.scratch);
        for (int level = top; level >= 0; --level) {
            walk.beam_search(query, start, level, width_, worker.scratch);
            worker.candidates.assign(worker.scratch.beam.begin(), worker.scratch.beam.end());
            start = worker.candidates.front();
            const std::span<std::int32_t> list = list_of(node, level);
            // Half of a list stays free for links from later nodes on the lowest level, which has twice the
            // room.
            choose(worker, level == 0 ? list.size() / 2 : list.size());
            for (std::size_t i = 0; i < worker.chosen.size(); ++i) {
                list[i] = worker.chosen[i].id;
                worker.links.push_back({worker.chosen[i].id, level, node, worker.chosen[i].similarity});
            }
        }
    }

    // Enters links into one node's list; a list that would overflow is chosen anew.
    void enter(std::span<const BackLink> links, Worker& worker) {
        const std::span<std::int32_t> list = list_of(links.front().node, links.front().level);
        const auto used = static_cast<std::size_t>(std::ranges::find(list, -1) - list.begin());
        if (used + links.size() <= list.size()) {
            for (std::size_t i = 0; i < links.size(); ++i) list[used + i] = links[i].from;
            return;
        }
        rows_.load(links.front().node, worker.query);
        worker.ids.assign(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(used));
        worker.scores.resize(used);
        rows_.similarities(worker.query, worker.ids, worker.scores.data());
        worker.candidates.clear();
        for (std::size_t i = 0; i < used; ++i) worker.candidates.push_back({worker.scores[i], worker.ids[i]});
        for (const BackLink& link : links) worker.candidates.push_back({link.similarity, link.from});
        std::ranges::sort(worker.candidates, [](const GraphCandidate& a, const GraphCandidate& b) {
            return std::tie(b.similarity, a.id) < std::tie(a.similarity, b.id);
        });
        choose(worker, list.size());
        std::ranges::fill(list, -1);
        for (std::size_t i = 0; i < worker.chosen.size(); ++i) list[i] = worker.chosen[i].id;
    }

    void add_batch(std::size_t first, std::size_t last) {
        const HnswGraph walk(graph_, rows_);
        pool_.parallel_for(last - first, piece, [&](std::size_t begin, std::size_t end, std::size_t worker) {
            throw_if_stopped(stop_, "the graph was not finished; the vectors are kept");
            for (std::size_t i = begin; i < end; ++i)
                connect(walk, static_cast<std::int32_t>(first + i), workers_[worker]);
        });
        enter_links();
        for (std::size_t node = first; node < last; ++node) {
            const auto id = static_cast<std::int32_t>(node);
            if (level_of(id) <= graph_.max_level) continue;
            graph_.max_level = level_of(id);
            graph_.entry_point = id;
        }
    }

    void enter_links() {
        std::vector<BackLink> links;
        for (Worker& worker : workers_) {
            links.insert(links.end(), worker.links.begin(), worker.links.end());
            worker.links.clear();
        }
        std::ranges::sort(links, {}, &BackLink::order);
        std::vector<std::size_t> starts;  // of the links into one list
        for (std::size_t i = 0; i < links.size(); ++i) {
            if (i == 0 || links[i].node != links[i - 1].node || links[i].level != links[i - 1].level)
                starts.push_back(i);
        }
        starts.push_back(links.size());
        pool_.parallel_for(
            starts.size() - 1, piece * 4, [&](std::size_t begin, std::size_t end, std::size_t worker) {
                for (std::size_t i = begin; i < end; ++i) {
                    enter(std::span(links).subspan(starts[i], starts[i + 1] - starts[i]), workers_[worker]);
                }
            });
    }

    faiss::HNSW& graph_;
    const ByteRows& rows_;
    std::size_t width_;
    const ThreadPool& pool_;
    const std::stop_token& stop_;
    std::vector<Worker> workers_;
};

}  // namespace

void add_to_hnsw(faiss::HNSW& graph, const ByteRows& rows, std::size_t first, int ef_construction,
                 const ThreadPool& pool, const std::stop_token& stop) {
    graph.prepare_level_tab(rows.size() - first, false);
    Builder(graph, rows, ef_construction, pool, stop).add(first);
}

}  // namespace clipsim
