#include "clipsim/pipeline/steps/embedding_stream.h"

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/text.h"
#include "unit_rows.h"

namespace clipsim {

namespace {

std::vector<LoadItem> load_items(std::span<const std::filesystem::path> files) {
    std::vector<LoadItem> items;
    items.reserve(files.size());
    for (std::size_t i = 0; i < files.size(); ++i) items.push_back({files[i], i, std::nullopt});
    return items;
}

}  // namespace

EmbeddingStream::EmbeddingStream(Embedder& embedder, std::span<const std::filesystem::path> files,
                                 std::vector<Space> spaces, const DataConfig& data, int batch_size)
    : embedder_(embedder),
      files_(files),
      spaces_(std::move(spaces)),
      loader_(load_items(files), embedder.preprocess(), image_opener(data.max_pixels),
              LoaderOptions{data.workers, batch_size, 4, true}) {}

std::optional<EmbeddedBatch> EmbeddingStream::next() {
    std::optional<LoadedBatch> loaded = loader_.next();
    if (!loaded) return std::nullopt;
    EmbeddedBatch batch;
    batch.files = std::move(loaded->tags);
    batch.hashes = std::move(loaded->hashes);
    batch.vectors.resize(spaces_.size());
    if (batch.files.empty()) return batch;
    batch.vectors = embedder_.embed(loaded->pixels, spaces_);
    for (std::size_t s = 0; s < spaces_.size(); ++s) {
        const auto row =
            first_broken_row(batch.vectors[s], static_cast<std::size_t>(embedder_.dimension(spaces_[s])));
        if (row) throw_broken(embedder_.model_id(), printable(files_[batch.files[*row]]));
    }
    return batch;
}

}  // namespace clipsim
