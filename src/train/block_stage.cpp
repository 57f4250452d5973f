#include "block_stage.h"

#include "autocast.h"
#include "head_stage.h"
#include "token_stream.h"

namespace clipsim {

namespace {

// The head has learned in stage 1 already; it follows the blocks at a fraction of its first rate.
constexpr double head_rate_in_stage2 = 0.1;
constexpr std::size_t validation_batch = 64;

// One seed for each view of each image (the finaliser of splitmix64).
std::uint64_t view_seed(std::uint64_t seed, int epoch, std::size_t image) {
    std::uint64_t z =
        seed + 0x9E3779B97F4A7C15ULL * (static_cast<std::uint64_t>(epoch) * 0x100000001B3ULL + image + 1);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

}  // namespace

BlockStage::BlockStage(const World& world, ClipModel& model, ProjectionHead head, int boundary,
                       torch::Device device)
    : world_(world),
      model_(model),
      head_(std::move(head)),
      boundary_(boundary),
      device_(device),
      amp_(world.options.train.amp && is_bf16_fast(device)) {
    // The weights may be views onto the mapped model file, which is read-only.
    for (auto& [name, tensor] : model_.tower->tensors_from(boundary_))
        tensor.set_data(tensor.detach().clone());
    model_.tower->freeze_before(boundary_);
}

std::vector<ParameterGroup> BlockStage::parameter_groups() const {
    const TrainConfig& train = world_.options.train;
    std::vector<ParameterGroup> groups;
    const std::map<std::string, torch::Tensor> blocks = model_.tower->tensors_from(boundary_);
    if (!blocks.empty()) groups.push_back({blocks, train.stage2.learning_rate});
    groups.push_back(
        {{{"head.linear.weight", head_->linear->weight}}, train.stage1.learning_rate * head_rate_in_stage2});
    return groups;
}

BatchStream BlockStage::load(const CachedImages& images, std::span<const std::vector<std::size_t>> batches,
                             std::optional<int> augmented_epoch) {
    const DataConfig& data = world_.options.data;
    std::vector<std::vector<LoadItem>> items;
    for (const std::vector<std::size_t>& samples : batches) {
        std::vector<LoadItem>& batch = items.emplace_back();
        for (const std::size_t sample : samples) {
            const std::size_t image = images.images[sample];
            std::optional<std::uint64_t> view;
            if (augmented_epoch) view = view_seed(data.seed, *augmented_epoch, image);
            batch.push_back({world_.catalogue.images[image].path, sample, view});
        }
    }
    const bool amp = amp_ && augmented_epoch.has_value();
    const auto on_skipped = [this, &images](SkippedImage image) {
        image.tag = images.images[image.tag];
        world_.skipped.push_back(std::move(image));
    };
    return stream_loaded_tokens(model_, boundary_, std::move(items), world_.decode, data.workers, device_,
                                amp, on_skipped);
}

BatchStream BlockStage::batches(std::span<const std::vector<std::size_t>> batches, int epoch) {
    if (world_.options.data.augment) return load(world_.train, batches, epoch);
    if (world_.train.tokens.defined()) return stream_cached_tokens(world_.train.tokens, batches, device_);
    return load(world_.train, batches, std::nullopt);
}

torch::Tensor BlockStage::embed(const torch::Tensor& input) {
    torch::Tensor features;
    {
        const AutocastScope autocast(device_.type(), amp_);
        features = model_.tower->forward_from(input, boundary_, world_.options.train.grad_checkpointing);
    }
    return head_->forward(unit_features(features));
}

// In fp32 and without augmentation, as a search will see the images.
torch::Tensor BlockStage::embed_validation() {
    const torch::NoGradGuard no_grad;
    const CachedImages& images = world_.validation;
    std::vector<std::vector<std::size_t>> batches;
    for (std::size_t i = 0; i < images.images.size(); ++i) {
        if (i % validation_batch == 0) batches.emplace_back();
        batches.back().push_back(i);
    }
    const BatchStream next = images.tokens.defined() ? stream_cached_tokens(images.tokens, batches, device_)
                                                     : load(images, batches, std::nullopt);
    torch::Tensor result =
        torch::zeros({static_cast<std::int64_t>(images.images.size()), head_->linear->weight.size(0)});
    while (const std::optional<TrainBatch> batch = next()) {
        if (batch->samples.empty()) continue;
        const std::vector<std::int64_t> rows(batch->samples.begin(), batch->samples.end());
        const torch::Tensor features = model_.tower->forward_from(batch->input, boundary_);
        result.index_copy_(0, torch::tensor(rows, torch::kInt64),
                           head_->forward(unit_features(features)).to(torch::kCPU));
    }
    return result;
}

}  // namespace clipsim
