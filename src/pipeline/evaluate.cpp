#include "clipsim/pipeline/evaluate.h"

#include <algorithm>

#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/split.h"
#include "clipsim/pipeline/embedding_stream.h"
#include "clipsim/pipeline/output_layout.h"
#include "clipsim/pipeline/sentence_encoder.h"

namespace clipsim {

namespace {

// "grand_piano" -> "a photo of a grand piano"
std::vector<std::string> class_prompts(const Catalogue& catalogue) {
    std::vector<std::string> prompts;
    for (std::string name : catalogue.classes) {
        std::ranges::replace_if(
            name, [](char c) { return c == '_' || c == '-' || c == '.'; }, ' ');
        prompts.push_back(concat("a photo of a ", name));
    }
    return prompts;
}

std::optional<SentenceMetrics> evaluate_sentences(Embedder& embedder, const Catalogue& catalogue,
                                                  std::span<const float> images,
                                                  std::span<const int> labels) {
    if (!embedder.has_text_tower()) return std::nullopt;
    const std::vector<float> sentences = SentenceEncoder(embedder).encode(class_prompts(catalogue));
    return sentence_metrics(images, sentences, static_cast<std::size_t>(embedder.dimension(Space::clip)),
                            labels);
}

}  // namespace

EvalReport evaluate(const Config& config, const RunOptions& run) {
    const Catalogue catalogue = scan_catalogue(config.data.root);
    const Split split = split_by_class(catalogue, config.data.val_fraction, config.data.seed);
    std::vector<std::filesystem::path> files;
    for (const std::size_t image : split.validation) files.push_back(catalogue.images[image].path);

    set_compute_threads(run.threads);
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), run.device);
    std::vector<Space> spaces{Space::clip};
    if (embedder.has_head()) spaces.push_back(Space::projected);

    std::vector<std::vector<float>> vectors(spaces.size());
    std::vector<int> labels;
    EmbeddingStream stream(embedder, files, spaces, config.data);
    Progress progress("evaluating", "images", files.size(), run.progress);
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        for (std::size_t s = 0; s < spaces.size(); ++s) {
            vectors[s].insert(vectors[s].end(), batch->vectors[s].begin(), batch->vectors[s].end());
        }
        for (const std::size_t file : batch->files)
            labels.push_back(catalogue.images[split.validation[file]].label);
        progress.advance(batch->files.size());
        throw_if_stopped(run.stop, "an evaluation leaves nothing to keep");
    }
    progress.finish();

    EvalReport report;
    report.before =
        retrieval_metrics(vectors[0], static_cast<std::size_t>(embedder.dimension(Space::clip)), labels);
    if (embedder.has_head()) {
        report.after = retrieval_metrics(
            vectors[1], static_cast<std::size_t>(embedder.dimension(Space::projected)), labels);
    }
    report.sentences = evaluate_sentences(embedder, catalogue, vectors[0], labels);
    report.skipped = stream.skipped();
    return report;
}

}  // namespace clipsim
