#include "clipsim/pipeline/embed_inputs.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/strings.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/pipeline/steps/embedding_stream.h"
#include "clipsim/pipeline/steps/index_spaces.h"
#include "clipsim/pipeline/steps/npy.h"
#include "clipsim/pipeline/steps/output_layout.h"
#include "clipsim/pipeline/steps/sentence_encoder.h"

namespace clipsim {

namespace {

std::vector<std::filesystem::path> expand_folders(std::span<const std::filesystem::path> inputs,
                                                  const Config& config, std::vector<SkippedImage>& skipped) {
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& input : inputs) {
        std::error_code ignored;
        if (!std::filesystem::is_directory(input, ignored)) {
            files.push_back(input);
            continue;
        }
        const Catalogue catalogue = scan_catalogue(input, scan_options(config));
        for (const ImageFile& image : catalogue.images) files.push_back(image.path);
        for (const UnseenPlace& place : catalogue.unseen) skipped.push_back({place.path, 0, place.problem});
    }
    return files;
}

Space choose_space(const EmbedRequest& request) {
    const bool sentences = !request.sentences.empty();
    const Space space = request.space.value_or(sentences ? Space::text : Space::image);
    if (sentences && space == Space::image)
        throw UsageError("sentences have no vectors in the image space; use --space text");
    return space;
}

void embed_images(Embedder& embedder, Space space, const std::vector<std::filesystem::path>& files,
                  const Config& config, const RunOptions& run, EmbeddedInputs& embedded) {
    if (files.empty()) return;
    EmbeddingStream stream(embedder, files, {space}, config.data);
    Progress progress("embedding", "images", files.size(), run.progress);
    std::size_t skipped = 0;
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        for (const std::size_t file : batch->files) embedded.inputs.push_back(files[file].string());
        embedded.vectors.insert(embedded.vectors.end(), batch->vectors[0].begin(), batch->vectors[0].end());
        progress.advance(batch->files.size() + stream.skipped().size() - skipped);
        skipped = stream.skipped().size();
        throw_if_stopped(run.stop, "nothing was written");
    }
    progress.finish();
    embedded.skipped = stream.skipped();
}

}  // namespace

EmbeddedInputs embed_inputs(const Config& config, const EmbedRequest& request, const RunOptions& run) {
    for (const std::string& sentence : request.sentences) {
        if (trimmed(sentence).empty()) throw UsageError("an empty sentence has no vector");
    }
    std::vector<SkippedImage> skipped;
    const std::vector<std::filesystem::path> files = expand_folders(request.images, config, skipped);
    set_compute_threads(run.threads);
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), run.device);
    const Space space = choose_space(request);

    EmbeddedInputs embedded;
    embedded.dimension = embedder.dimension(space);
    embedded.model_id = embedder.model_id();
    embedded.model_hash = embedder.hash(space);
    embed_images(embedder, space, files, config, run, embedded);
    embedded.skipped.insert(embedded.skipped.end(), skipped.begin(), skipped.end());
    if (!request.sentences.empty()) {
        const std::vector<float> rows = SentenceEncoder(embedder).encode(request.sentences);
        embedded.vectors.insert(embedded.vectors.end(), rows.begin(), rows.end());
        embedded.inputs.insert(embedded.inputs.end(), request.sentences.begin(), request.sentences.end());
    }
    return embedded;
}

std::filesystem::path names_file(std::filesystem::path file) {
    return file.replace_extension(".json");
}

void write_embeddings(const std::filesystem::path& file, const EmbeddedInputs& embedded) {
    nlohmann::ordered_json names;
    names["model"] = embedded.model_id;
    names["model_hash"] = embedded.model_hash;
    names["dimension"] = embedded.dimension;
    names["inputs"] = nlohmann::ordered_json::array();
    for (const std::string& input : embedded.inputs) names["inputs"].push_back(input);
    const std::filesystem::path beside = names_file(file);
    // A path may hold bytes that are no UTF-8; JSON can't, so those become U+FFFD.
    using ErrorHandler = nlohmann::ordered_json::error_handler_t;
    write_file_atomically(beside, names.dump(1, ' ', false, ErrorHandler::replace) + "\n");
    write_npy(file, embedded.vectors, embedded.inputs.size(), static_cast<std::size_t>(embedded.dimension));
}

}  // namespace clipsim
