#include "clipsim/pipeline/similar_images.h"

#include "clipsim/image/decode.h"
#include "clipsim/pipeline/embedding_stream.h"
#include "clipsim/pipeline/output_layout.h"

namespace clipsim {

namespace {

IndexIdentity identity_of(const Embedder& embedder) {
    const Space space = index_space(embedder);
    return {embedder.model_id(), embedder.hash(space), embedder.dimension(space)};
}

Embedder load_embedder(const Config& config, const RunOptions& run) {
    set_compute_threads(run.threads);
    return Embedder(config.model, OutputLayout(config).checkpoint(), run.device);
}

}  // namespace

SimilarImages::SimilarImages(const Config& config, const RunOptions& run)
    : data_(config.data),
      embedder_(load_embedder(config, run)),
      searcher_(OutputLayout(config).index(), identity_of(embedder_)) {}

SimilarImages::Answers SimilarImages::search(std::span<const std::filesystem::path> images,
                                             const Options& options) {
    Answers answers;
    const Space space = index_space(embedder_);
    const auto dimension = static_cast<std::size_t>(embedder_.dimension(space));
    EmbeddingStream stream(embedder_, images, {space}, data_);
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        for (std::size_t row = 0; row < batch->files.size(); ++row) {
            const std::filesystem::path& image = images[batch->files[row]];
            QueryOptions query{options.top_k, options.min_score, std::nullopt};
            if (!options.include_self) query.exclude = image;
            const std::span<const float> vector =
                std::span<const float>(batch->vectors[0]).subspan(row * dimension, dimension);
            answers.results.push_back(searcher_.search(image.string(), vector, query));
            answers.images.push_back(image);
        }
    }
    answers.skipped = stream.skipped();
    return answers;
}

std::vector<Hit> search_similar_images(const Config& config, const std::filesystem::path& image, int top_k,
                                       const RunOptions& run) {
    SimilarImages similar(config, run);
    SimilarImages::Options options;
    options.top_k = top_k;
    SimilarImages::Answers answers = similar.search(std::span(&image, 1), options);
    if (answers.results.empty()) throw ImageError(answers.skipped.at(0).reason);
    return std::move(answers.results.front().hits);
}

}  // namespace clipsim
