#include "clipsim/model/embedder.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <limits>
#include <thread>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/text.h"
#include "clipsim/model/clip_model.h"
#include "clipsim/model/device_memory.h"

namespace clipsim {

namespace {

void apply_precision(VisionTower& tower, Precision precision, const torch::Device& device) {
    if (precision == Precision::int8) {
        if (!device.is_cpu())
            throw UsageError("model.precision int8 is for the CPU; use bf16 or fp32 on a GPU");
        tower->quantize();
    } else if (precision == Precision::bf16) {
        tower->to(torch::kBFloat16);
    }
}

}  // namespace

struct Embedder::Impl {
    ModelConfig config;
    std::optional<std::filesystem::path> checkpoint;
    torch::Device device = torch::kCPU;
    ClipModel tuned;            // with the checkpoint's blocks, where there is a checkpoint
    VisionTower base{nullptr};  // the frozen tower, where it differs from `tuned` and is asked for
    ProjectionHead head{nullptr};
    bool tower_is_tuned = false;
    std::string checkpoint_hash;
    std::int64_t batch_size = std::numeric_limits<std::int64_t>::max();

    void load() {
        tuned = load_clip_model(find_model(config.clip));
        if (checkpoint) {
            head = load_checkpoint(*checkpoint, tuned);
            tower_is_tuned = read_checkpoint_info(*checkpoint).first_block < tuned.tower->config().layers;
            checkpoint_hash = hash_file(*checkpoint);
            head->to(device);
        }
        prepare(tuned.tower);
    }

    void prepare(VisionTower& tower) const {
        apply_precision(tower, config.precision, device);
        tower->to(device);
    }

    VisionTower& tower_for(Space space) {
        if (space == Space::projected || !tower_is_tuned) return tuned.tower;
        if (base.is_empty()) {
            base = load_clip_model(find_model(config.clip)).tower;
            prepare(base);
        }
        return base;
    }

    // [N, 3, H, W] -> [N, dimension], unit rows, fp32 on the CPU
    torch::Tensor embed(const torch::Tensor& pixels, Space space) {
        torch::Tensor features = tower_for(space)->forward(pixels.to(device)).to(torch::kFloat32);
        if (space == Space::projected) return head->forward(features).to(torch::kCPU);
        return torch::nn::functional::normalize(features,
                                                torch::nn::functional::NormalizeFuncOptions().dim(1))
            .to(torch::kCPU);
    }
};

Embedder::Embedder(const ModelConfig& model, const std::optional<std::filesystem::path>& checkpoint,
                   const std::string& device)
    : impl_(std::make_unique<Impl>()) {
    impl_->config = model;
    impl_->checkpoint = checkpoint;
    impl_->device = parse_device(device);
    if (!fits_in_memory([&] { impl_->load(); })) {
        throw OutOfMemoryError(concat("the model ", model.clip, " does not fit into the memory of ", device,
                                      "; use --device cpu or a smaller model.clip"));
    }
}

Embedder::~Embedder() = default;
Embedder::Embedder(Embedder&&) noexcept = default;
Embedder& Embedder::operator=(Embedder&&) noexcept = default;

std::vector<float> Embedder::embed(std::span<const float> pixels, Space space) {
    const c10::InferenceMode inference;
    const PreprocessSpec& spec = preprocess();
    const auto count = static_cast<std::int64_t>(pixels.size() / spec.values());
    // LibTorch only reads it.
    const torch::Tensor input = torch::from_blob(
        const_cast<float*>(pixels.data()), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
    const std::int64_t columns = dimension(space);
    std::vector<float> result(static_cast<std::size_t>(count * columns));
    const torch::Tensor output = torch::from_blob(result.data(), {count, columns}, torch::kFloat32);
    std::int64_t batch_size = std::min(impl_->batch_size, count);
    const std::int64_t tried = batch_size;
    for_each_batch_that_fits(count, batch_size, [&](std::int64_t start, std::int64_t size) {
        output.narrow(0, start, size).copy_(impl_->embed(input.narrow(0, start, size), space));
    });
    if (batch_size < tried) impl_->batch_size = batch_size;
    return result;
}

int Embedder::dimension(Space space) const {
    if (space == Space::clip) return impl_->tuned.tower->config().projection_dim;
    return has_head() ? static_cast<int>(impl_->head->linear->weight.size(0)) : 0;
}

bool Embedder::has_head() const {
    return !impl_->head.is_empty();
}
const PreprocessSpec& Embedder::preprocess() const {
    return impl_->tuned.preprocess;
}
const std::string& Embedder::model_id() const {
    return impl_->tuned.id;
}

std::string Embedder::hash(Space space) const {
    // Vectors of another precision are close, but not the same.
    std::string parts = impl_->tuned.hash;
    if (impl_->config.precision == Precision::int8) parts += "-int8";
    if (impl_->config.precision == Precision::bf16) parts += "-bf16";
    if (space == Space::projected) parts += impl_->checkpoint_hash;
    return hash_bytes(std::as_bytes(std::span(parts)));
}

std::string Embedder::device() const {
    return impl_->device.str();
}

void set_compute_threads(int threads) {
    at::set_num_threads(threads > 0 ? threads
                                    : std::max(1, static_cast<int>(std::thread::hardware_concurrency())));
}

}  // namespace clipsim
