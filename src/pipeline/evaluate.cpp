#include "clipsim/pipeline/evaluate.h"

#include <algorithm>
#include <set>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/split.h"
#include "clipsim/pipeline/steps/embedding_stream.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/sentence_encoder.h"
#include "clipsim/text/tokenizer.h"
#include "steps/eval_pictures.h"

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
                                                  const EmbeddedPhotos& photos) {
    if (!embedder.has_text_tower()) return std::nullopt;
    if (!has_tokenizer(embedder.tokenizer(), embedder.model_folder())) {
        log_warning(
            concat("no figures of sentences: there is no tokenizer in ", printable(embedder.model_folder())));
        return std::nullopt;
    }
    const std::vector<float> sentences = SentenceEncoder(embedder).encode(class_prompts(catalogue));
    return sentence_metrics(photos.spaces[0].vectors, sentences, photos.spaces[0].dimension, photos.labels);
}

// Those of the images that can be read, in both spaces.
EmbeddedPhotos embed(Embedder& embedder, const Catalogue& catalogue, const std::vector<std::size_t>& images,
                     const Config& config, const RunOptions& run, std::vector<SkippedImage>& skipped) {
    std::vector<std::filesystem::path> files;
    for (const std::size_t image : images) files.push_back(catalogue.images[image].path);
    std::vector<Space> spaces{Space::text};  // the model's own
    if (embedder.has_head()) spaces.push_back(Space::image);

    EmbeddedPhotos photos;
    for (const Space space : spaces)
        photos.spaces.push_back({{}, static_cast<std::size_t>(embedder.dimension(space)), {}});
    EmbeddingStream stream(embedder, files, spaces, config.data);
    Progress progress("evaluating", "images", files.size(), run.progress);
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        for (std::size_t s = 0; s < spaces.size(); ++s) {
            std::vector<float>& vectors = photos.spaces[s].vectors;
            vectors.insert(vectors.end(), batch->vectors[s].begin(), batch->vectors[s].end());
        }
        for (const std::size_t file : batch->files) {
            photos.images.push_back(images[file]);
            photos.labels.push_back(catalogue.images[images[file]].label);
        }
        progress.advance(batch->files.size());
        throw_if_stopped(run.stop, "an evaluation leaves nothing to keep");
    }
    progress.finish();
    skipped = stream.skipped();
    return photos;
}

// The photos that are among `images`, which are ascending.
EmbeddedPhotos part_of(const EmbeddedPhotos& photos, const std::vector<std::size_t>& images) {
    EmbeddedPhotos part;
    for (const EmbeddedPhotos::Matrix& space : photos.spaces)
        part.spaces.push_back({{}, space.dimension, {}});
    for (std::size_t i = 0; i < photos.images.size(); ++i) {
        if (!std::ranges::binary_search(images, photos.images[i])) continue;
        part.images.push_back(photos.images[i]);
        part.labels.push_back(photos.labels[i]);
        for (std::size_t s = 0; s < photos.spaces.size(); ++s) {
            const auto row = photos.spaces[s].row(i);
            part.spaces[s].vectors.insert(part.spaces[s].vectors.end(), row.begin(), row.end());
        }
    }
    return part;
}

// Keeps what each photo found beside it.
GroupReport report_on(EmbeddedPhotos& photos, const EvalOptions& options, std::uint64_t seed,
                      const ThreadPool& pool, const std::stop_token& stop) {
    GroupReport group;
    group.images = photos.images.size();
    group.classes = std::set(photos.labels.begin(), photos.labels.end()).size();
    for (EmbeddedPhotos::Matrix& space : photos.spaces) {
        space.found = retrieve(space.vectors, space.dimension, photos.labels, pool, stop);
        SpaceReport report{summarise(space.found), std::nullopt, confusions(space.found, photos.labels)};
        if (options.bootstrap_samples > 0)
            report.interval = bootstrap(space.found, options.bootstrap_samples, seed);
        if (&space == &photos.spaces.front()) {
            group.before = std::move(report);
        } else {
            group.after = std::move(report);
        }
    }
    if (group.after && options.bootstrap_samples > 0) {
        group.change =
            bootstrap_change(photos.spaces[0].found, photos.spaces[1].found, options.bootstrap_samples, seed);
    }
    return group;
}

}  // namespace

EvalReport evaluate(const Config& config, const RunOptions& run, const EvalOptions& options) {
    const Catalogue catalogue = scan_catalogue(config.data.root, scan_options(config));
    const Split split = split_images(catalogue, config.data);
    set_compute_threads(run.threads);
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), run.device);

    std::vector<std::size_t> images = split.validation;
    images.insert(images.end(), split.unseen.begin(), split.unseen.end());
    std::ranges::sort(images);
    EvalReport report;
    report.classes = catalogue.classes;
    report.split = config.data.split;
    const EmbeddedPhotos photos = embed(embedder, catalogue, images, config, run, report.skipped);
    for (const UnseenPlace& place : catalogue.unseen)
        report.skipped.push_back({place.path, 0, place.problem});
    report.sentences = evaluate_sentences(embedder, catalogue, photos);

    const bool by_class = config.data.split == SplitBy::label;
    const ThreadPool pool(run.threads);
    const auto group = [&](EmbeddedPhotos& part) {
        return report_on(part, options, config.data.seed, pool, run.stop);
    };
    EmbeddedPhotos held_out = part_of(photos, by_class ? split.unseen : split.validation);
    report.held_out = group(held_out);
    if (by_class) {
        EmbeddedPhotos seen = part_of(photos, split.validation);
        report.seen = group(seen);
    }
    if (options.pictures && !held_out.images.empty()) {
        try {
            const SpaceReport& last = report.held_out.after ? *report.held_out.after : report.held_out.before;
            report.pictures = draw_eval_pictures(config, catalogue, held_out, last.confusions);
        } catch (const Error& error) {
            log_warning(concat("no pictures of the evaluation: ", error.what()));
        }
    }
    return report;
}

}  // namespace clipsim
