// Answers queries against an index, wherever it is kept.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/index/image_filter.h"
#include "clipsim/index/index_identity.h"
#include "clipsim/index/index_place.h"
#include "clipsim/index/index_store.h"

namespace clipsim {

class IndexReader;

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
    // The query itself is no hit: its files, whatever they are called here (links), and their copies, by the
    // hash_file of their contents.
    std::vector<std::filesystem::path> exclude = {};
    std::vector<std::string> exclude_contents = {};
    ImageFilter where = {};  // only among images that fit
};

struct QueryResult {
    std::string query;  // as the user gave it
    std::vector<Hit> hits;
    double took_ms = 0;      // the search alone
    std::string error = {};  // why there was no search; "": there was one
};

// Thread-safe.
class Searcher {
  public:
    // Each search answers from one whole state of the index: the newest, which it goes over to when a writer
    // has changed it. Of an index in a server a search sees the state of its own moment. `wanted` and
    // what is thrown are open_index_reader's; a search may throw it too, of an index that has been rebuilt
    // with another model say. threads: of exact searches; 0: one per core.
    // stop: ends waiting for a server with Interrupted.
    Searcher(const IndexPlace& place, const IndexIdentity& identity, const IndexParameters& wanted = {},
             int threads = 0, const std::stop_token& stop = {});
    ~Searcher();
    Searcher(Searcher&&) noexcept;
    Searcher& operator=(Searcher&&) noexcept;

    // Fewer than top_k hits only when the index holds fewer others. `query` is a unit vector of the space;
    // the vectors of the text space are loaded when they are first asked for. Throws UsageError where the
    // index keeps none.
    QueryResult search(const std::string& name, std::span<const float> query, const QueryOptions& options,
                       Space space = Space::image) const;

    IndexDescription description() const;
    // What there is to filter by, see IndexReader.
    std::vector<std::string> labels() const;
    std::vector<StoredImage> images(const ImageFilter& where) const;

  private:
    static QueryResult search(const IndexReader& reader, const std::string& name,
                              std::span<const float> query, const QueryOptions& options, Space space);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace clipsim
