// Which photos of the index look like this one, or like this sentence.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/model/embedder.h"
#include "clipsim/pipeline/config.h"
#include "clipsim/pipeline/run_options.h"
#include "clipsim/pipeline/steps/index_model.h"
#include "clipsim/pipeline/steps/query.h"
#include "clipsim/pipeline/steps/sentence_encoder.h"
#include "clipsim/search/searcher.h"

namespace clipsim {

// Model and index, loaded once, for query after query. Images alone are compared in the image space; as
// soon as a sentence is part of a query, in the text space.
class SimilarImages {
  public:
    // After a training, until the index has been made anew, the model is the one before it. Throws UsageError
    // when there is no index or it was made with another model.
    explicit SimilarImages(const Config& config, const RunOptions& run = {});

    struct Options {
        int top_k = 10;
        std::optional<float> min_score;
        bool include_self = false;  // keep the query's own files among the hits
        ImageFilter where;          // only among images that fit
        // A query that fails (the server is away, the index keeps no vectors for sentences) is a result with
        // an error, and the others are answered; otherwise its error is thrown.
        bool go_on = false;
    };

    struct Answers {
        std::vector<QueryResult> results;  // [queries], with an error where an image can't be read
        std::vector<std::filesystem::path>
            images;                         // the first image of each result's query; empty: it has none
        std::vector<SkippedImage> skipped;  // images of queries that can't be read
        std::size_t failed = 0;  // with Options::go_on: queries that went wrong for no fault of theirs
    };
    // Throws UsageError for sentences where model or index can't serve them, Error where the index can't be
    // read; Interrupted.
    Answers search(std::span<const Query> queries, const Options& options);
    Answers search(std::span<const std::filesystem::path> images, const Options& options);

    // Warns of labels that the index has not and, where nothing was found, of other conditions that no image
    // of it fits.
    void warn_of_filter(const ImageFilter& where, bool found_nothing) const;

    IndexDescription description() const { return searcher_.description(); }

  private:
    SimilarImages(const DataConfig& data, OpenedIndex opened);
    class Vectors;
    Answers search_all(std::span<const Query> queries, const Options& options);
    QueryResult answer(const Query& query, const Vectors& vectors, std::span<const float> vector,
                       const Options& options);

    DataConfig data_;
    Embedder embedder_;
    Searcher searcher_;
    std::optional<SentenceEncoder> sentences_;  // loaded when it is first asked for
};

// One query, everything loaded for it. Throws ImageError when the query is not an image.
std::vector<Hit> search_similar_images(const Config& config, const std::filesystem::path& image,
                                       int top_k = 10, const RunOptions& run = {});

}  // namespace clipsim
