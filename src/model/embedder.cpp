#include "clipsim/model/embedder.h"

#include <ATen/Parallel.h>
#include <torch/torch.h>

#include <algorithm>
#include <limits>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/parallel.h"
#include "clipsim/core/text.h"
#include "clipsim/model/clip_model.h"
#include "clipsim/model/device_memory.h"
#include "clipsim/model/image_pieces.h"
#include "clipsim/model/model_identity.h"

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

torch::Tensor unit_rows(const torch::Tensor& features) {
    return torch::nn::functional::normalize(features, torch::nn::functional::NormalizeFuncOptions().dim(1));
}

// [N, T] token ids, each row filled up with its own last one, end of text.
torch::Tensor padded(std::span<const std::vector<std::int32_t>> sentences) {
    std::size_t longest = 0;
    for (const std::vector<std::int32_t>& sentence : sentences) longest = std::max(longest, sentence.size());
    torch::Tensor ids = torch::empty(
        {static_cast<std::int64_t>(sentences.size()), static_cast<std::int64_t>(longest)}, torch::kInt64);
    auto* row = ids.mutable_data_ptr<std::int64_t>();
    for (const std::vector<std::int32_t>& sentence : sentences) {
        std::fill(std::copy(sentence.begin(), sentence.end(), row), row + longest, sentence.back());
        row += longest;
    }
    return ids;
}

}  // namespace

struct Embedder::Impl {
    ModelConfig config;
    std::optional<std::filesystem::path> checkpoint;
    torch::Device device = torch::kCPU;
    ModelFiles files;
    std::filesystem::path folder;
    ClipModel tuned;            // with the checkpoint's blocks, where there is a checkpoint
    VisionTower base{nullptr};  // the frozen tower, where it differs from `tuned` and is asked for
    TextTower text{nullptr};    // where it is asked for
    ProjectionHead head{nullptr};
    int first_tuned_block = 0;  // == layers: none is, and `base` is not needed
    std::string checkpoint_hash;
    std::int64_t batch_size = std::numeric_limits<std::int64_t>::max();
    std::optional<ImagePieces> pieces;  // made at the first batch: the number of threads is known then

    void load() {
        files = find_model(config.clip);
        folder = files.folder();
        tuned = load_clip_model(files);
        note_assumed_preprocessing(files, tuned.preprocess);
        first_tuned_block = tuned.tower->layers();
        if (checkpoint) {
            head = load_checkpoint(*checkpoint, tuned);
            first_tuned_block = read_checkpoint_info(*checkpoint).first_block;
            checkpoint_hash = hash_file(*checkpoint);
            head->to(device);
        }
        prepare(tuned.tower);
    }

    void prepare(VisionTower& tower) const {
        apply_precision(tower, config.precision, device);
        tower->to(device);
    }

    bool tower_is_tuned() const { return first_tuned_block < tuned.tower->layers(); }

    VisionTower& tower_for(Space space) {
        if (space == Space::image || !tower_is_tuned()) return tuned.tower;
        if (base.is_empty()) {
            base = load_clip_model(files).tower;
            prepare(base);
        }
        return base;
    }

    TextTower& text_tower() {
        if (text.is_empty()) {
            text = load_text_tower(files);
            text->to(device);
        }
        return text;
    }

    // [N, projection_dim of the tower] -> [N, dimension], unit rows, fp32 on the CPU
    torch::Tensor finish(const torch::Tensor& features, Space space) {
        if (space == Space::image && !head.is_empty()) return head->forward(features).to(torch::kCPU);
        return unit_rows(features).to(torch::kCPU);
    }

    // [N, 3, H, W] -> a matrix [N, dimension] per space. The blocks below the first tuned one are the same in
    // both towers.
    std::vector<torch::Tensor> embed(const torch::Tensor& pixels, std::span<const Space> spaces) {
        for (const Space space : spaces) tower_for(space);  // loaded before threads ask for it
        if (!pieces) pieces.emplace();
        return pieces->run(pixels.to(device), [&](const torch::Tensor& images) {
            const torch::Tensor shared = tuned.tower->forward_to(images, first_tuned_block);
            std::vector<torch::Tensor> matrices;
            for (const Space space : spaces) {
                const torch::Tensor features = tower_for(space)->forward_from(shared, first_tuned_block);
                matrices.push_back(finish(features.to(torch::kFloat32), space));
            }
            return matrices;
        });
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
    return std::move(embed(pixels, std::span(&space, 1)).front());
}

std::vector<std::vector<float>> Embedder::embed(std::span<const float> pixels,
                                                std::span<const Space> spaces) {
    const c10::InferenceMode inference;
    const PreprocessSpec& spec = preprocess();
    const auto count = static_cast<std::int64_t>(pixels.size() / spec.values());
    // LibTorch only reads it.
    const torch::Tensor input = torch::from_blob(
        const_cast<float*>(pixels.data()), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
    std::vector<std::vector<float>> result;
    std::vector<torch::Tensor> outputs;
    for (const Space space : spaces) {
        const std::int64_t columns = dimension(space);
        std::vector<float>& matrix = result.emplace_back(static_cast<std::size_t>(count * columns));
        outputs.push_back(torch::from_blob(matrix.data(), {count, columns}, torch::kFloat32));
    }
    std::int64_t batch_size = std::min(impl_->batch_size, count);
    const std::int64_t tried = batch_size;
    for_each_batch_that_fits(count, batch_size, [&](std::int64_t start, std::int64_t size) {
        const std::vector<torch::Tensor> matrices = impl_->embed(input.narrow(0, start, size), spaces);
        for (std::size_t s = 0; s < spaces.size(); ++s) outputs[s].narrow(0, start, size).copy_(matrices[s]);
    });
    if (batch_size < tried) impl_->batch_size = batch_size;
    return result;
}

std::vector<float> Embedder::embed_sentences(std::span<const std::vector<std::int32_t>> sentences) {
    const c10::InferenceMode inference;
    const auto columns = static_cast<std::size_t>(dimension(Space::text));
    std::vector<float> result(sentences.size() * columns);
    std::int64_t batch_size = 64;  // what no GPU chokes on
    for_each_batch_that_fits(
        static_cast<std::int64_t>(sentences.size()), batch_size, [&](std::int64_t start, std::int64_t size) {
            const torch::Tensor ids =
                padded(sentences.subspan(static_cast<std::size_t>(start), static_cast<std::size_t>(size)));
            const torch::Tensor rows =
                unit_rows(impl_->text_tower()->forward(ids.to(impl_->device))).to(torch::kCPU).contiguous();
            std::copy_n(rows.const_data_ptr<float>(), rows.numel(),
                        result.begin() + start * static_cast<std::int64_t>(columns));
        });
    return result;
}

int Embedder::context_length() {
    return impl_->text_tower()->config().context_length;
}

int Embedder::dimension(Space space) const {
    if (space == Space::text || !has_head()) return impl_->tuned.tower->dimension();
    return static_cast<int>(impl_->head->linear->weight.size(0));
}

bool Embedder::has_head() const {
    return !impl_->head.is_empty();
}
bool Embedder::has_text_tower() const {
    return impl_->tuned.tokenizer.has_value();
}
TokenizerKind Embedder::tokenizer() const {
    return impl_->tuned.tokenizer.value();
}
const PreprocessSpec& Embedder::preprocess() const {
    return impl_->tuned.preprocess;
}
const std::filesystem::path& Embedder::model_folder() const {
    return impl_->folder;
}
const std::string& Embedder::model_id() const {
    return impl_->tuned.id;
}

std::string Embedder::hash(Space space) const {
    return space_hash(impl_->tuned.hash, impl_->config.precision, impl_->checkpoint_hash, space);
}

std::string Embedder::device() const {
    return impl_->device.str();
}

void set_compute_threads(int threads) {
    at::set_num_threads(static_cast<int>(thread_count(threads)));
}

}  // namespace clipsim
