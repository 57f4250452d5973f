// Which photos of the index look like this one.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/data/loader.h"
#include "clipsim/model/embedder.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/search/searcher.h"

namespace clipsim {

// Model and index, loaded once, for query after query.
class SimilarImages {
  public:
    // Throws UsageError when there is no index or it was made with another model.
    explicit SimilarImages(const Config& config, const RunOptions& run = {});

    struct Options {
        int top_k = 10;
        std::optional<float> min_score;
        bool include_self = false;  // keep the query's own file among the hits
    };

    struct Answers {
        std::vector<QueryResult> results;           // in the order of the queries, less the skipped ones
        std::vector<std::filesystem::path> images;  // the query of each result
        std::vector<SkippedImage> skipped;          // queries that are no readable image
    };
    Answers search(std::span<const std::filesystem::path> images, const Options& options);

    const Manifest& manifest() const { return searcher_.manifest(); }

  private:
    DataConfig data_;
    Embedder embedder_;
    Searcher searcher_;
};

// One query, everything loaded for it. Throws ImageError when the query is no image.
std::vector<Hit> search_similar_images(const Config& config, const std::filesystem::path& image,
                                       int top_k = 10, const RunOptions& run = {});

}  // namespace clipsim
