#include "features/cached_views.h"

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "clipsim/core/interrupt.h"
#include "clipsim/core/random.h"
#include "clipsim/core/text.h"
#include "clipsim/model/device_memory.h"
#include "clipsim/model/image_pieces.h"

namespace clipsim {

namespace {

constexpr std::size_t batch_size = 32;

std::string content_of(const std::filesystem::path& file) {
    try {
        return hash_file(file);
    } catch (const Error&) {
        return file.string();  // not a file: whatever decodes it knows it by its name
    }
}

}  // namespace

std::optional<std::uint64_t> view_seed(std::uint64_t seed, int view, std::size_t image) {
    if (view == 0) return std::nullopt;
    return Random(seed + Random::step * (static_cast<std::uint64_t>(view) * 0x100000001B3ULL + image)).next();
}

CachedViews::CachedViews(const Source& source, std::vector<std::unique_ptr<TokenCache>> files)
    : source_(source),
      files_(std::move(files)),
      rank_(source.processes == nullptr ? 0 : static_cast<std::size_t>(source.processes->rank())),
      ranks_(files_.size()),
      unreadable_(source.images.size(), false) {
    for (const std::size_t image : source.images)
        contents_.push_back(content_of(source.catalogue.images[image].path));
}

std::string CachedViews::key(std::size_t sample, int view) const {
    const std::optional<std::uint64_t> seed = view_seed(source_.seed, view, source_.images[sample]);
    const std::string text = concat(contents_[sample], ' ', seed ? std::to_string(*seed) : "as it is");
    return hash_bytes(std::as_bytes(std::span(text)));
}

const TokenCache* CachedViews::file_with(const std::string& key) const {
    for (const std::unique_ptr<TokenCache>& file : files_)
        if (file->contains(key)) return file.get();
    return nullptr;
}

bool CachedViews::holds(int view) const {
    for (std::size_t sample = 0; sample < contents_.size(); ++sample) {
        if (!unreadable_[sample] && file_with(key(sample, view)) == nullptr) return false;
    }
    return true;
}

void CachedViews::fill(int view, std::vector<SkippedImage>& skipped) {
    std::vector<std::vector<LoadItem>> batches;
    for (std::size_t first = 0; first < contents_.size(); first += batch_size) {
        const std::size_t last = std::min(first + batch_size, contents_.size());
        std::vector<LoadItem> batch;
        bool whole = true;
        for (std::size_t sample = first; sample < last; ++sample) {
            if (unreadable_[sample]) continue;
            whole = whole && file_with(key(sample, view)) != nullptr;
            const std::size_t image = source_.images[sample];
            batch.push_back(
                {source_.catalogue.images[image].path, sample, view_seed(source_.seed, view, image)});
        }
        const bool is_own = first / batch_size % ranks_ == rank_;
        if (!whole && is_own) batches.push_back(std::move(batch));
    }
    if (!batches.empty() && own_file().is_writable()) compute(view, std::move(batches), skipped);
    if (ranks_ == 1) return;
    source_.processes->wait_for_all();
    for (const std::unique_ptr<TokenCache>& file : files_) file->find_new_records();
}

void CachedViews::compute(int view, std::vector<std::vector<LoadItem>> batches,
                          std::vector<SkippedImage>& skipped) {
    const torch::NoGradGuard no_grad;
    std::size_t images = 0;
    for (const std::vector<LoadItem>& batch : batches) images += batch.size();
    const PreprocessSpec& spec = source_.model.preprocess;
    VisionTower tower = source_.model.tower;
    ImageLoader loader(std::move(batches), spec, source_.open, LoaderOptions{source_.workers, 1, 4});
    Progress progress(concat("view ", view + 1), "images", images, source_.progress);
    std::int64_t fitting = static_cast<std::int64_t>(batch_size);
    const ImagePieces pieces;
    while (std::optional<LoadedBatch> batch = loader.next()) {
        const auto count = static_cast<std::int64_t>(batch->tags.size());
        const torch::Tensor pixels = torch::from_blob(
            batch->pixels.data(), {count, 3, spec.crop_height, spec.crop_width}, torch::kFloat32);
        for_each_batch_that_fits(count, fitting, [&](std::int64_t start, std::int64_t size) {
            const torch::Tensor tokens =
                pieces
                    .run(pixels.narrow(0, start, size).to(source_.device),
                         [&](const torch::Tensor& some) {
                             return std::vector{tower->forward_to(some, source_.boundary)};
                         })
                    .front();
            for (std::int64_t row = 0; row < size; ++row) {
                const std::size_t sample = batch->tags[static_cast<std::size_t>(start + row)];
                own_file().put(key(sample, view), tokens[row]);
            }
        });
        progress.advance(batch->tags.size());
        throw_if_stopped(source_.stop, "what was finished is saved: resume with `clipsim train --resume`");
        if (!own_file().is_writable()) break;
    }
    progress.finish();
    for (SkippedImage image : loader.skipped()) {
        unreadable_[image.tag] = true;
        image.tag = source_.images[image.tag];
        skipped.push_back(std::move(image));
    }
}

BatchStream CachedViews::stream(int view, std::span<const std::vector<std::size_t>> batches) const {
    return [this, view, batches, next = std::size_t{0}]() mutable -> std::optional<TrainBatch> {
        if (next == batches.size()) return std::nullopt;
        TrainBatch batch;
        std::vector<torch::Tensor> rows;
        for (const std::size_t sample : batches[next]) {
            if (unreadable_[sample]) continue;
            const std::string name = key(sample, view);
            rows.push_back(file_with(name)->read(name));
            batch.samples.push_back(sample);
        }
        ++next;
        if (!rows.empty()) batch.input = torch::stack(rows).to(source_.device);
        return batch;
    };
}

}  // namespace clipsim
