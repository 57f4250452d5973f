// Decoding and preprocessing on worker threads, ahead of the model, in order and within bounded memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/image/image_source.h"
#include "clipsim/image/preprocess.h"

namespace clipsim {

// One picture to load; `view_seed` asks for an augmented view of it.
struct LoadItem {
    std::filesystem::path path;
    std::size_t tag = 0;  // the caller's own number, handed back with the pixels
    std::optional<std::uint64_t> view_seed;
};

// The floats of a batch. When it goes, its memory goes back to the loader that made it, for another batch:
// fresh memory costs the system a page at a time. It may outlive the loader.
class PixelBuffer {
  public:
    class Pool;
    PixelBuffer() = default;
    PixelBuffer(std::shared_ptr<Pool> pool, std::size_t size);  // not initialised
    ~PixelBuffer();
    PixelBuffer(PixelBuffer&&) noexcept;
    PixelBuffer& operator=(PixelBuffer&&) noexcept;

    float* data() { return memory_.get(); }
    const float* data() const { return memory_.get(); }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    void shrink(std::size_t size) { size_ = size; }  // to the first so many
    float* begin() { return data(); }
    float* end() { return data() + size_; }
    const float* begin() const { return data(); }
    const float* end() const { return data() + size_; }
    float operator[](std::size_t i) const { return memory_[i]; }

  private:
    std::shared_ptr<Pool> pool_;
    std::unique_ptr<float[]> memory_;
    std::size_t size_ = 0;
};

struct LoadedBatch {
    PixelBuffer pixels;               // [N, 3, H, W], CLIP-normalised
    std::vector<std::size_t> tags;    // [N]
    std::vector<std::string> hashes;  // [N] hash_bytes of each file as it was decoded; only where asked for
};

struct SkippedImage {
    std::filesystem::path path;
    std::size_t tag = 0;
    std::string reason;
};

// How a file becomes a source of pixels: open_image in the program, anything in tests. Called from many
// threads at once.
using OpenFunction = std::function<ImageSource(const std::filesystem::path&)>;

struct LoaderOptions {
    int workers = 0;  // 0: one per core
    int batch_size = 32;
    int batches_ahead = 4;
    bool hash_files = false;
};

class ImageLoader {
  public:
    // Starts the workers. Batches hold batch_size pictures (the last may hold fewer), in the order of
    // `items`, without those that could not be read.
    ImageLoader(std::vector<LoadItem> items, const PreprocessSpec& spec, OpenFunction open,
                LoaderOptions options);
    // With explicit batches, e.g. from a sampler: batch i is items[batches[i]...].
    ImageLoader(std::vector<std::vector<LoadItem>> batches, const PreprocessSpec& spec, OpenFunction open,
                LoaderOptions options);
    ~ImageLoader();  // stops the workers
    ImageLoader(const ImageLoader&) = delete;
    ImageLoader& operator=(const ImageLoader&) = delete;

    // The next batch, or nothing at the end. A batch whose pictures were all skipped is empty, not absent.
    // clipsim::Error of a picture skips it with a warning; any other exception of a worker is thrown here.
    std::optional<LoadedBatch> next();

    // Pictures skipped so far.
    const std::vector<SkippedImage>& skipped() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace clipsim
