// Answers queries against an index on disk: one consistent state of manifest, index.faiss and images.db.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_identity.h"

namespace clipsim {

class NeighbourSource;

struct Hit {
    int rank = 0;  // from 1
    std::int64_t id = 0;
    std::filesystem::path path;
    std::string label;
    float score = 0;  // cosine similarity, higher is better
};

struct QueryOptions {
    int top_k = 10;
    std::optional<float> min_score = std::nullopt;
    std::vector<std::filesystem::path> exclude = {};  // the query's own files, left out by path
    ImageFilter where = {};                           // only among images that fit
};

struct QueryResult {
    std::string query;  // as the user gave it
    std::vector<Hit> hits;
    double took_ms = 0;  // the search alone
};

class Searcher {
  public:
    // Answers from the state of this moment, whatever a writer does later. Throws UsageError when there is no
    // index, it is half-written, or it was made with another model or by a newer clipsim (the message says
    // what to do). A derived index.faiss that is missing or damaged is done without, with a warning.
    // ef_search and nprobe are the index's own where `wanted` gives none. Of wanted.backend postgres each
    // search sees the state of its own moment.
    Searcher(const std::filesystem::path& index_dir, const IndexIdentity& identity,
             const IndexConfig& wanted = {});
    ~Searcher();
    Searcher(Searcher&&) noexcept;
    Searcher& operator=(Searcher&&) noexcept;

    // Thread-safe. Fewer than top_k hits when the index holds fewer. `query` is a unit vector of the space;
    // the vectors of the joint space are loaded when they are first asked for. Throws UsageError where the
    // index keeps none.
    QueryResult search(const std::string& name, std::span<const float> query, const QueryOptions& options,
                       IndexSpace space = IndexSpace::own) const;

    const IndexDescription& description() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;               // of an index in a folder
    std::unique_ptr<NeighbourSource> server_;  // of an index elsewhere
};

}  // namespace clipsim
