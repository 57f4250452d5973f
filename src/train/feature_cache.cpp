#include "feature_cache.h"

#include <limits>

#include "clipsim/core/interrupt.h"
#include "clipsim/model/device_memory.h"

namespace clipsim {

CachedImages cache_features(VisionTower& tower, const PreprocessSpec& spec, const Catalogue& catalogue,
                            const std::vector<std::size_t>& images, const DecodeFunction& decode,
                            const FeatureCacheOptions& options, std::vector<SkippedImage>& skipped) {
    const torch::NoGradGuard no_grad;
    std::vector<LoadItem> items;
    items.reserve(images.size());
    for (const std::size_t image : images)
        items.push_back({catalogue.images[image].path, image, std::nullopt});
    ImageLoader loader(std::move(items), spec, decode, LoaderOptions{options.workers, 32, 4});

    const VisionConfig& shape = tower->config();
    const std::int64_t tokens_per_image = options.boundary < shape.layers ? shape.tokens() : 1;
    const bool keep_tokens = options.keep_tokens && static_cast<std::int64_t>(images.size()) *
                                                            tokens_per_image * shape.hidden_size *
                                                            static_cast<std::int64_t>(sizeof(float)) <=
                                                        options.token_bytes;

    CachedImages cached;
    std::vector<torch::Tensor> tokens, features;
    std::int64_t batch_size = std::numeric_limits<std::int64_t>::max();
    Progress progress(options.title, "images", images.size(), options.progress);
    while (std::optional<LoadedBatch> batch = loader.next()) {
        const auto count = static_cast<std::int64_t>(batch->tags.size());
        const torch::Tensor pixels = torch::from_blob(
            batch->pixels.data(), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
        for_each_batch_that_fits(count, batch_size, [&](std::int64_t start, std::int64_t size) {
            const torch::Tensor part = pixels.narrow(0, start, size).to(options.device);
            const torch::Tensor at_boundary = tower->forward_to(part, options.boundary);
            const torch::Tensor embedded = tower->forward_from(at_boundary, options.boundary);
            if (keep_tokens) tokens.push_back(at_boundary.to(torch::kCPU));
            features.push_back(embedded);
        });
        for (const std::size_t image : batch->tags) {
            cached.images.push_back(image);
            cached.labels.push_back(catalogue.images[image].label);
        }
        progress.advance(batch->tags.size());
        throw_if_stopped(options.stop, "training had not begun; nothing of it was lost");
    }
    progress.finish();
    skipped.insert(skipped.end(), loader.skipped().begin(), loader.skipped().end());
    // None readable: no rows, but the right number of columns.
    if (features.empty()) features.push_back(torch::empty({0, shape.projection_dim}, options.device));
    cached.features = torch::cat(features);
    if (!tokens.empty()) cached.tokens = torch::cat(tokens);
    return cached;
}

}  // namespace clipsim
