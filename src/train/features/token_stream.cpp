#include "features/token_stream.h"

#include <memory>

#include "clipsim/model/autocast.h"
#include "clipsim/model/image_pieces.h"

namespace clipsim {

BatchStream stream_cached_tokens(const torch::Tensor& tokens,
                                 std::span<const std::vector<std::size_t>> batches,
                                 const torch::Device& device) {
    return [tokens, batches, device, next = std::size_t{0}]() mutable -> std::optional<TrainBatch> {
        if (next == batches.size()) return std::nullopt;
        const std::vector<std::size_t>& samples = batches[next++];
        const std::vector<std::int64_t> rows(samples.begin(), samples.end());
        const torch::Tensor at = torch::tensor(rows, torch::kInt64).to(tokens.device());
        return TrainBatch{tokens.index_select(0, at).to(device), samples};
    };
}

BatchStream stream_loaded_tokens(const ClipModel& model, int boundary,
                                 std::vector<std::vector<LoadItem>> batches, const OpenFunction& open,
                                 int workers, const torch::Device& device, std::optional<at::ScalarType> amp,
                                 std::function<void(const SkippedImage&)> on_skipped) {
    const PreprocessSpec spec = model.preprocess;
    auto loader = std::make_shared<ImageLoader>(std::move(batches), spec, open,
                                                LoaderOptions{workers, 1, /*batches_ahead*/ 4});
    return [loader, spec, tower = model.tower, boundary, device, amp, pieces = ImagePieces(),
            on_skipped = std::move(on_skipped),
            reported = std::size_t{0}]() mutable -> std::optional<TrainBatch> {
        const torch::NoGradGuard no_grad;
        std::optional<LoadedBatch> batch = loader->next();
        for (; reported < loader->skipped().size(); ++reported) on_skipped(loader->skipped()[reported]);
        if (!batch) return std::nullopt;
        if (batch->tags.empty()) return TrainBatch{};
        const auto count = static_cast<std::int64_t>(batch->tags.size());
        const torch::Tensor pixels = torch::from_blob(
            batch->pixels.data(), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
        const AutocastScope autocast(device.type(), amp);
        const std::vector<torch::Tensor> tokens = pieces.run(
            pixels.to(device),
            [&](const torch::Tensor& some) { return std::vector{tower->forward_to(some, boundary)}; });
        // A copy in any case: the pixels go with this call.
        return TrainBatch{tokens.front().clone(), std::move(batch->tags)};
    };
}

}  // namespace clipsim
