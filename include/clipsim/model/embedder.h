// Pixels to unit vectors, with the base model alone or with a fine-tuned checkpoint on it. No torch in this
// header.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/config.h"
#include "clipsim/image/preprocess.h"

namespace clipsim {

// projected: the fine-tuned head's space (128-D). clip: the joint space of CLIP itself, frozen weights.
enum class Space { clip, projected };

class Embedder {
  public:
    // `checkpoint` absent: the base model alone, and projected is not available.
    // Throws UsageError for a model or checkpoint that can't be used.
    Embedder(const ModelConfig& model, const std::optional<std::filesystem::path>& checkpoint,
             const std::string& device);
    ~Embedder();
    Embedder(Embedder&&) noexcept;
    Embedder& operator=(Embedder&&) noexcept;

    // pixels: [N, 3, H, W], CLIP-normalised -> [N, dimension(space)] rows of unit length.
    // When the device runs out of memory the batch is halved, and halved again down to one image, and stays
    // so for later calls; then OutOfMemoryError.
    std::vector<float> embed(std::span<const float> pixels, Space space);

    int dimension(Space space) const;
    bool has_head() const;
    const PreprocessSpec& preprocess() const;
    const std::string& model_id() const;
    // Changes whenever vectors of `space` would: the base model's hash, and the checkpoint's for projected.
    std::string hash(Space space) const;
    std::string device() const;  // "cpu", "cuda:0"

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Number of threads of torch's own operators on the CPU; 0 means one a core.
void set_compute_threads(int threads);

}  // namespace clipsim
