#include "clipsim/pipeline/search_images.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "clipsim/core/error.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/pipeline/steps/embedding_stream.h"
#include "clipsim/pipeline/steps/filter_warnings.h"

namespace clipsim {

namespace {

std::vector<float> unit_vector(std::vector<float> sum, const std::string& name) {
    double squares = 0;
    for (const float x : sum) squares += static_cast<double>(x) * x;
    const double length = std::sqrt(squares);
    if (length < 1e-6) throw UsageError(concat("the parts of the query ", name, " cancel each other out"));
    if (!std::isfinite(length))
        throw UsageError(concat("the weights of the query ", name, " are too large to add up"));
    for (float& x : sum) x = static_cast<float>(x / length);
    return sum;
}

}  // namespace

SimilarImages::SimilarImages(const Config& config, const RunOptions& run)
    : SimilarImages(config.data, open_index_with_its_model(config, run)) {}

SimilarImages::SimilarImages(const DataConfig& data, OpenedIndex opened)
    : data_(data), embedder_(std::move(opened.embedder)), searcher_(std::move(opened.searcher)) {}

// The unit vectors of all terms of all queries, each image decoded once and all sentences encoded together.
class SimilarImages::Vectors {
  public:
    Vectors(SimilarImages& similar, std::span<const Query> queries) : embedder_(similar.embedder_) {
        for (const Query& query : queries) {
            for (const QueryTerm& term : query.terms) {
                auto& rows = term.kind == QueryTerm::Kind::image ? images_ : sentences_;
                rows.try_emplace(term.value);
            }
            need(space_of(query));
        }
        if (!images_.empty()) embed_images(similar);
        if (!sentences_.empty()) encode_sentences(similar);
    }

    Space space_of(const Query& query) const { return query.has_sentence() ? Space::text : Space::image; }

    // Nothing where an image of the query could not be read.
    std::optional<std::vector<float>> of(const Query& query) const {
        const Space space = space_of(query);
        std::vector<float> sum(static_cast<std::size_t>(embedder_.dimension(space)));
        for (const QueryTerm& term : query.terms) {
            const bool image = term.kind == QueryTerm::Kind::image;
            const std::map<Space, std::vector<float>>& rows = (image ? images_ : sentences_).at(term.value);
            const auto row = rows.find(space);
            if (row == rows.end()) return std::nullopt;
            for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += term.weight * row->second[i];
        }
        return query.terms.size() == 1 && query.terms[0].weight == 1
                   ? sum
                   : unit_vector(std::move(sum), query.name);
    }

    // hash_file of each image of the query.
    std::vector<std::string> contents_of(const Query& query) const {
        std::vector<std::string> contents;
        for (const QueryTerm& term : query.terms) {
            if (const auto known = contents_.find(term.value);
                term.kind == QueryTerm::Kind::image && known != contents_.end())
                contents.push_back(known->second);
        }
        return contents;
    }

    // Of a query of which an image could not be read.
    std::string problem_of(const Query& query) const {
        for (const std::filesystem::path& image : query.images()) {
            const auto skipped = std::ranges::find(skipped_, image, &SkippedImage::path);
            if (skipped != skipped_.end()) return skipped->reason;
        }
        return "an image can't be read";
    }

    const std::vector<SkippedImage>& skipped() const { return skipped_; }

  private:
    void need(Space space) {
        if (std::ranges::find(spaces_, space) == spaces_.end()) spaces_.push_back(space);
    }

    void embed_images(SimilarImages& similar) {
        std::vector<std::filesystem::path> files;
        for (const auto& [file, rows] : images_) files.emplace_back(file);
        EmbeddingStream stream(embedder_, files, spaces_, similar.data_);
        while (const std::optional<EmbeddedBatch> batch = stream.next()) {
            for (std::size_t row = 0; row < batch->files.size(); ++row)
                contents_[files[batch->files[row]].string()] = batch->hashes[row];
            for (std::size_t s = 0; s < spaces_.size(); ++s) {
                const auto width = static_cast<std::size_t>(embedder_.dimension(spaces_[s]));
                for (std::size_t row = 0; row < batch->files.size(); ++row) {
                    const auto first = batch->vectors[s].begin() + static_cast<std::ptrdiff_t>(row * width);
                    images_[files[batch->files[row]].string()][spaces_[s]] = {
                        first, first + static_cast<std::ptrdiff_t>(width)};
                }
            }
        }
        skipped_ = stream.skipped();
    }

    void encode_sentences(SimilarImages& similar) {
        if (!similar.sentences_) similar.sentences_.emplace(embedder_);
        std::vector<std::string> texts;
        for (const auto& [text, rows] : sentences_) texts.push_back(text);
        const std::vector<float> vectors = similar.sentences_->encode(texts);
        const auto width = static_cast<std::ptrdiff_t>(embedder_.dimension(Space::text));
        auto first = vectors.begin();
        for (auto& [text, rows] : sentences_) {
            rows[Space::text] = {first, first + width};
            first += width;
        }
    }

    using Rows = std::map<std::string, std::map<Space, std::vector<float>>>;
    Embedder& embedder_;
    std::vector<Space> spaces_;
    Rows images_, sentences_;
    std::map<std::string, std::string> contents_;
    std::vector<SkippedImage> skipped_;
};

QueryResult SimilarImages::answer(const Query& query, const Vectors& vectors, std::span<const float> vector,
                                  const Options& options) {
    QueryOptions wanted{options.top_k, options.min_score, {}, {}, options.where};
    if (!options.include_self) {
        wanted.exclude = query.images();
        wanted.exclude_contents = vectors.contents_of(query);
    }
    const Space space = vectors.space_of(query);
    // Without a head the two spaces are one, of which the index keeps the image space.
    return searcher_.search(query.name, vector, wanted, embedder_.has_head() ? space : Space::image);
}

SimilarImages::Answers SimilarImages::search(std::span<const Query> queries, const Options& options) {
    try {
        return search_all(queries, options);
    } catch (const Interrupted&) {
        throw;
    } catch (const Error& error) {
        if (!options.go_on) throw;
        Answers answers;
        if (queries.size() == 1) {
            log_warning(concat(printable(queries.front().name), ": ", error.what()));
            answers.results.push_back({queries.front().name, {}, 0, error.what()});
            answers.images.emplace_back();
            answers.failed = dynamic_cast<const UsageError*>(&error) == nullptr ? 1 : 0;
            return answers;
        }
        // Which of them it was shows when each is asked for itself.
        for (const Query& query : queries) {
            Answers one = search(std::span(&query, 1), options);
            answers.results.push_back(std::move(one.results.front()));
            answers.images.push_back(std::move(one.images.front()));
            answers.skipped.insert(answers.skipped.end(), one.skipped.begin(), one.skipped.end());
            answers.failed += one.failed;
        }
        return answers;
    }
}

SimilarImages::Answers SimilarImages::search_all(std::span<const Query> queries, const Options& options) {
    for (const Query& query : queries) {
        if (query.terms.empty()) throw UsageError("an empty sentence is nothing to look for");
    }
    const Vectors vectors(*this, queries);
    Answers answers;
    for (const Query& query : queries) {
        const std::optional<std::vector<float>> vector = vectors.of(query);
        answers.results.push_back(vector ? answer(query, vectors, *vector, options)
                                         : QueryResult{query.name, {}, 0, vectors.problem_of(query)});
        const std::vector<std::filesystem::path> images = query.images();
        answers.images.push_back(images.empty() ? std::filesystem::path{} : images.front());
    }
    answers.skipped = vectors.skipped();
    return answers;
}

void SimilarImages::warn_of_filter(const ImageFilter& where, bool found_nothing) const {
    if (filters_by_label(where)) warn_of_unknown_labels(where, searcher_.labels());
    if (found_nothing && !where.empty()) warn_of_empty_conditions(where, searcher_.images({}));
}

SimilarImages::Answers SimilarImages::search(std::span<const std::filesystem::path> images,
                                             const Options& options) {
    std::vector<Query> queries;
    for (const std::filesystem::path& image : images) queries.push_back(image_query(image));
    return search(queries, options);
}

std::vector<Hit> search_similar_images(const Config& config, const std::filesystem::path& image, int top_k,
                                       const RunOptions& run) {
    SimilarImages similar(config, run);
    SimilarImages::Options options;
    options.top_k = top_k;
    SimilarImages::Answers answers = similar.search(std::span(&image, 1), options);
    if (!answers.results.front().error.empty()) throw ImageError(answers.results.front().error);
    return std::move(answers.results.front().hits);
}

}  // namespace clipsim
