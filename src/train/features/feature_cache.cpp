#include "features/feature_cache.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/tensors.h"
#include "clipsim/model/device_memory.h"
#include "clipsim/model/image_pieces.h"

namespace clipsim {

namespace {

void gather_skipped(ProcessGroup& processes, const Catalogue& catalogue, const std::vector<SkippedImage>& own,
                    std::vector<SkippedImage>& skipped) {
    nlohmann::json list = nlohmann::json::array();
    for (const SkippedImage& image : own) list.push_back({{"image", image.tag}, {"reason", image.reason}});
    using Handler = nlohmann::json::error_handler_t;
    for (const std::string& text : processes.gather(list.dump(-1, ' ', false, Handler::replace))) {
        for (const nlohmann::json& item : nlohmann::json::parse(text)) {
            const auto image = item.at("image").get<std::size_t>();
            skipped.push_back({catalogue.images[image].path, image, item.at("reason").get<std::string>()});
        }
    }
}

// `features`: [N, D] of these images, N of them
void require_finite_features(const torch::Tensor& features, std::span<const std::size_t> images,
                             const Catalogue& catalogue) {
    // A length that overflows is of no more use.
    const torch::Tensor finite = features.to(torch::kFloat32).norm(2, 1).isfinite().to(torch::kCPU);
    if (finite.all().item<bool>()) return;
    const auto first = finite.logical_not().nonzero()[0].item<std::int64_t>();
    throw Error(
        concat(printable(catalogue.images[images[static_cast<std::size_t>(first)]].path),
               ": the model computes infinity or NaN of it: its weights are damaged or too large; use "
               "another model"));
}

// `token_shape`: [T, W]
void gather_parts(ProcessGroup& processes, bool keep_tokens, const std::vector<std::int64_t>& token_shape,
                  CachedImages& cached) {
    const auto gather_numbers = [&](const auto& values) {
        const std::vector<std::int64_t> numbers(values.begin(), values.end());
        const torch::Tensor all =
            gather_rows(processes, torch::tensor(numbers, torch::kInt64)).rows.contiguous();
        const auto* data = all.data_ptr<std::int64_t>();
        return std::vector<std::int64_t>(data, data + all.numel());
    };
    const std::vector<std::int64_t> images = gather_numbers(cached.images),
                                    labels = gather_numbers(cached.labels);
    cached.images.assign(images.begin(), images.end());
    cached.labels.assign(labels.begin(), labels.end());
    cached.features = gather_rows(processes, cached.features).rows;
    if (!keep_tokens) return;
    if (!cached.tokens.defined()) cached.tokens = torch::empty({0, token_shape[0], token_shape[1]});
    cached.tokens = gather_rows(processes, cached.tokens).rows;
}

}  // namespace

CachedImages cache_features(VisionTower& tower, const PreprocessSpec& spec, const Catalogue& catalogue,
                            const std::vector<std::size_t>& images, const OpenFunction& open,
                            const FeatureCacheOptions& options, std::vector<SkippedImage>& skipped) {
    const torch::NoGradGuard no_grad;
    ProcessGroup alone;
    ProcessGroup& processes = options.processes == nullptr ? alone : *options.processes;
    const auto [first, last] = processes.share_of(images.size());
    std::vector<LoadItem> items;
    items.reserve(last - first);
    for (std::size_t i = first; i < last; ++i)
        items.push_back({catalogue.images[images[i]].path, images[i], std::nullopt});
    ImageLoader loader(std::move(items), spec, open, LoaderOptions{options.workers, 32, 4});

    const TokenShape shape = tower->shape_at(options.boundary);
    const bool keep_tokens = options.keep_tokens && static_cast<std::int64_t>(images.size()) * shape.tokens *
                                                            shape.width *
                                                            static_cast<std::int64_t>(sizeof(float)) <=
                                                        options.token_bytes;
    if (options.keep_tokens && !keep_tokens) {
        log_info(concat(options.title, ": what the frozen blocks make of ", images.size(),
                        " photos does not fit into memory; stage 2 computes it again"));
    }

    CachedImages cached;
    const ImagePieces pieces;
    std::vector<torch::Tensor> tokens, features;
    std::int64_t batch_size = std::numeric_limits<std::int64_t>::max();
    Progress progress(options.title, "images", last - first, options.progress);
    std::size_t counted = 0;  // of those skipped
    while (std::optional<LoadedBatch> loaded = loader.next()) {
        const auto count = static_cast<std::int64_t>(loaded->tags.size());
        const torch::Tensor pixels = torch::from_blob(
            loaded->pixels.data(), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
        for_each_batch_that_fits(count, batch_size, [&](std::int64_t start, std::int64_t size) {
            const torch::Tensor part = pixels.narrow(0, start, size).to(options.device);
            const std::vector<torch::Tensor> made = pieces.run(part, [&](const torch::Tensor& some) {
                const torch::Tensor at_boundary = tower->forward_to(some, options.boundary);
                std::vector made_of_some{tower->forward_from(at_boundary, options.boundary)};
                if (keep_tokens) made_of_some.push_back(at_boundary);
                return made_of_some;
            });
            const torch::Tensor& embedded = made[0];
            if (keep_tokens) tokens.push_back(made[1].to(torch::kCPU));
            require_finite_features(
                embedded,
                std::span(loaded->tags)
                    .subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(size)),
                catalogue);
            features.push_back(embedded);
        });
        for (const std::size_t image : loaded->tags) {
            cached.images.push_back(image);
            cached.labels.push_back(catalogue.images[image].label);
        }
        progress.advance(loaded->tags.size() + loader.skipped().size() - counted);
        counted = loader.skipped().size();
        throw_if_stopped(options.stop, "training had not begun; nothing of it was lost");
    }
    progress.finish();
    gather_skipped(processes, catalogue, loader.skipped(), skipped);
    // None readable: no rows, but the right number of columns.
    if (features.empty()) features.push_back(torch::empty({0, tower->dimension()}, options.device));
    cached.features = torch::cat(features);
    if (!tokens.empty()) cached.tokens = torch::cat(tokens);
    if (processes.size() > 1) gather_parts(processes, keep_tokens, {shape.tokens, shape.width}, cached);
    return cached;
}

}  // namespace clipsim
