#include "block_stage.h"

#include <cmath>
#include <iomanip>

#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/log.h"
#include "clipsim/core/text.h"
#include "clipsim/distributed/tensors.h"
#include "clipsim/model/autocast.h"
#include "features/token_stream.h"
#include "head_stage.h"

namespace clipsim {

namespace {

// The head has learned in stage 1 already; it follows the blocks at a fraction of its first rate.
constexpr double head_rate_in_stage2 = 0.1;
constexpr std::size_t validation_batch = 64;

// Whatever changes the pixels that a photo becomes.
std::string describe(const PreprocessSpec& spec) {
    return concat(spec.short_side, ' ', spec.crop_width, ' ', spec.crop_height, ' ', spec.rescale, ' ',
                  spec.mean[0], ' ', spec.mean[1], ' ', spec.mean[2], ' ', spec.std[0], ' ', spec.std[1], ' ',
                  spec.std[2]);
}

}  // namespace

BlockStage::BlockStage(const World& world, ClipModel& model, ProjectionHead head, int boundary,
                       torch::Device device)
    : world_(world),
      model_(model),
      head_(std::move(head)),
      boundary_(boundary),
      device_(device),
      amp_(amp_type(world.options.train.amp, device)) {
    // The weights may be views onto the mapped model file, which is read-only.
    for (auto& [name, tensor] : model_.tower->tensors_from(boundary_))
        tensor.set_data(tensor.detach().clone());
    model_.tower->freeze_before(boundary_);
    if (world.options.data.augment && world.options.train.augment_views > 0) open_views();
}

// A cache of all views, where it fits; less the images as they are, where they are in memory already.
void BlockStage::open_views() {
    const TrainOptions& options = world_.options;
    const int views = options.train.augment_views - (world_.train.tokens.defined() ? 1 : 0);
    if (views == 0) return;
    const TokenShape shape = model_.tower->shape_at(boundary_);
    const auto limit = static_cast<std::int64_t>(options.train.cache_gb * (1 << 30));
    const std::int64_t wanted = TokenCache::bytes_for(
        static_cast<std::int64_t>(world_.train.images.size()) * views, shape.tokens, shape.width);
    const std::string size =
        concat(std::fixed, std::setprecision(1), static_cast<double>(wanted) / (1 << 30));
    if (wanted > limit) {
        log_info(concat(views, " views of each photo would take ", size, " GiB, more than train.cache_gb (",
                        options.train.cache_gb, "): computing them again each epoch"));
        return;
    }
    // All that the tokens hang on but the image.
    const std::string about = concat(model_.hash, ' ', describe(model_.preprocess), ' ', boundary_, ' ',
                                     device_.is_cuda() ? "cuda" : "cpu", ' ', sizeof(at::Half));
    const std::filesystem::path folder = options.train.cache_dir.empty()
                                             ? options.output_dir / "cache"
                                             : std::filesystem::path(options.train.cache_dir);
    ensure_writable_folder(folder);
    // A file per process: each computes its part and reads the others'.
    std::vector<std::unique_ptr<TokenCache>> files;
    const ProcessGroup& processes = *options.processes;
    const std::string stem = hash_bytes(std::as_bytes(std::span(about))).substr(0, 16);
    for (int rank = 0; rank < processes.size(); ++rank) {
        const std::string part =
            processes.size() == 1 ? std::string() : concat('.', rank + 1, "of", processes.size());
        files.push_back(std::make_unique<TokenCache>(folder / (stem + part + ".tokens"), shape.tokens,
                                                     shape.width, limit / processes.size(),
                                                     rank == processes.rank()));
    }
    views_.emplace(CachedViews::Source{model_, world_.catalogue, world_.train.images, world_.open, boundary_,
                                       options.data.seed, options.data.workers, device_, options.progress,
                                       options.stop, options.processes.get()},
                   std::move(files));
}

std::vector<ParameterGroup> BlockStage::parameter_groups() const {
    const TrainConfig& train = world_.options.train;
    std::vector<ParameterGroup> groups;
    // From the top down: what follows the blocks learns as the last of them does.
    const int layers = model_.tower->layers();
    std::map<int, std::map<std::string, torch::Tensor>> by_depth;
    for (const auto& [name, tensor] : model_.tower->tensors_from(boundary_)) {
        const std::optional<int> block = VisionTowerImpl::block_of(name);
        by_depth[train.stage2.layer_decay == 1 || !block ? 0 : layers - 1 - *block].emplace(name, tensor);
    }
    for (auto& [depth, tensors] : by_depth) {
        const double share = std::pow(train.stage2.layer_decay, depth);
        groups.push_back({std::move(tensors), train.stage2.learning_rate * share});
    }
    groups.push_back(
        {{{"head.linear.weight", head_->linear->weight}},
         train.stage2.head_learning_rate.value_or(train.stage1.learning_rate * head_rate_in_stage2)});
    return groups;
}

BatchStream BlockStage::load(const CachedImages& images, std::span<const std::vector<std::size_t>> batches,
                             int view) {
    const DataConfig& data = world_.options.data;
    std::vector<std::vector<LoadItem>> items;
    for (const std::vector<std::size_t>& samples : batches) {
        std::vector<LoadItem>& batch = items.emplace_back();
        for (const std::size_t sample : samples) {
            const std::size_t image = images.images[sample];
            batch.push_back({world_.catalogue.images[image].path, sample, view_seed(data.seed, view, image)});
        }
    }
    const std::optional<at::ScalarType> amp = view > 0 ? amp_ : std::nullopt;
    const auto on_skipped = [this, &images](SkippedImage image) {
        image.tag = images.images[image.tag];
        world_.skipped.push_back(std::move(image));
    };
    return stream_loaded_tokens(model_, boundary_, std::move(items), world_.open, data.workers, device_, amp,
                                on_skipped);
}

BatchStream BlockStage::batches(std::span<const std::vector<std::size_t>> batches, int epoch) {
    int view = 0;
    if (world_.options.data.augment) {
        const int views = world_.options.train.augment_views;
        view = views > 0 ? epoch % views : epoch;  // epochs count from 1
    }
    if (view == 0 && world_.train.tokens.defined())
        return stream_cached_tokens(world_.train.tokens, batches, device_);
    if (views_) {
        views_->fill(view, world_.skipped);
        if (views_->holds(view)) return views_->stream(view, batches);
    }
    return load(world_.train, batches, view);
}

torch::Tensor BlockStage::embed(const torch::Tensor& input) {
    torch::Tensor features;
    {
        const AutocastScope autocast(device_.type(), amp_);
        features = model_.tower->forward_from(input, boundary_, world_.options.train.grad_checkpointing);
    }
    return head_->forward(unit_features(features));
}

torch::Tensor BlockStage::embed_training() {
    const torch::NoGradGuard no_grad;
    return head_->forward(unit_features(world_.train.features));
}

// In fp32 and without augmentation, as a search will see the images.
torch::Tensor BlockStage::embed_validation() {
    const torch::NoGradGuard no_grad;
    const CachedImages& images = world_.validation;
    std::vector<std::vector<std::size_t>> batches;
    const auto [first, last] = world_.options.processes->share_of(images.images.size());
    for (std::size_t i = first; i < last; ++i) {
        if ((i - first) % validation_batch == 0) batches.emplace_back();
        batches.back().push_back(i);
    }
    const BatchStream next = images.tokens.defined() ? stream_cached_tokens(images.tokens, batches, device_)
                                                     : load(images, batches, 0);
    torch::Tensor result =
        torch::zeros({static_cast<std::int64_t>(images.images.size()), head_->linear->weight.size(0)});
    while (const std::optional<TrainBatch> batch = next()) {
        if (batch->samples.empty()) continue;
        const std::vector<std::int64_t> rows(batch->samples.begin(), batch->samples.end());
        const torch::Tensor features = model_.tower->forward_from(batch->input, boundary_);
        result.index_copy_(0, torch::tensor(rows, torch::kInt64),
                           head_->forward(unit_features(features)).to(torch::kCPU));
    }
    sum_over_ranks(*world_.options.processes, std::span(&result, 1));  // the others' rows are 0 here
    return result;
}

}  // namespace clipsim
