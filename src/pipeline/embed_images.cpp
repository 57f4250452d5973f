#include "clipsim/pipeline/embed_images.h"

#include <nlohmann/json.hpp>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/text.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/pipeline/embedding_stream.h"
#include "clipsim/pipeline/npy.h"
#include "clipsim/pipeline/output_layout.h"

namespace clipsim {

namespace {

std::vector<std::filesystem::path> expand_folders(std::span<const std::filesystem::path> inputs) {
    std::vector<std::filesystem::path> files;
    for (const std::filesystem::path& input : inputs) {
        std::error_code ignored;
        if (!std::filesystem::is_directory(input, ignored)) {
            files.push_back(input);
            continue;
        }
        for (const ImageFile& image : scan_folders(std::span(&input, 1)).images) files.push_back(image.path);
    }
    return files;
}

}  // namespace

EmbeddedImages embed_images(const Config& config, std::span<const std::filesystem::path> images,
                            std::optional<Space> space, const RunOptions& run) {
    const std::vector<std::filesystem::path> files = expand_folders(images);
    set_compute_threads(run.threads);
    Embedder embedder(config.model, OutputLayout(config).checkpoint(), run.device);
    const Space chosen = space.value_or(index_space(embedder));
    if (chosen == Space::projected && !embedder.has_head()) {
        throw UsageError(concat("there is no fine-tuned model in ", printable(config.output_dir),
                                ", so no projected space; run `clipsim train` first or use --space clip"));
    }

    EmbeddedImages embedded;
    embedded.dimension = embedder.dimension(chosen);
    embedded.model_id = embedder.model_id();
    embedded.model_hash = embedder.hash(chosen);
    EmbeddingStream stream(embedder, files, {chosen}, config.data);
    Progress progress("embedding", "images", files.size(), run.progress);
    while (const std::optional<EmbeddedBatch> batch = stream.next()) {
        for (const std::size_t file : batch->files) embedded.images.push_back(files[file]);
        embedded.vectors.insert(embedded.vectors.end(), batch->vectors[0].begin(), batch->vectors[0].end());
        progress.advance(batch->files.size());
        throw_if_stopped(run.stop, "nothing was written");
    }
    progress.finish();
    embedded.skipped = stream.skipped();
    return embedded;
}

void write_embeddings(const std::filesystem::path& file, const EmbeddedImages& embedded) {
    nlohmann::ordered_json names;
    names["model"] = embedded.model_id;
    names["model_hash"] = embedded.model_hash;
    names["dimension"] = embedded.dimension;
    names["inputs"] = nlohmann::ordered_json::array();
    for (const std::filesystem::path& image : embedded.images) names["inputs"].push_back(image.string());
    std::filesystem::path beside = file;
    beside.replace_extension(".json");
    // A path may hold bytes that are no UTF-8; JSON can't, so those become U+FFFD.
    using ErrorHandler = nlohmann::ordered_json::error_handler_t;
    write_file_atomically(beside, names.dump(1, ' ', false, ErrorHandler::replace) + "\n");
    write_npy(file, embedded.vectors, embedded.images.size(), static_cast<std::size_t>(embedded.dimension));
}

}  // namespace clipsim
