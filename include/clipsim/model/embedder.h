// Pixels and token ids to unit vectors, with the base model alone or with a fine-tuned checkpoint on it. No
// torch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "clipsim/core/space.h"
#include "clipsim/image/preprocess.h"
#include "clipsim/model/model_config.h"
#include "clipsim/text/tokenizer_kind.h"

namespace clipsim {

class Embedder {
  public:
    // `checkpoint` absent: the base model alone, whose two spaces are one.
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
    // The same in several spaces at once, one matrix per space: what they share, the frozen blocks, is
    // computed once.
    std::vector<std::vector<float>> embed(std::span<const float> pixels, std::span<const Space> spaces);

    // Token ids of each sentence, at most context_length() of them, end of text last -> [N,
    // dimension(Space::text)] rows of unit length in the text space. Throws UsageError for a model
    // without a text tower.
    std::vector<float> embed_sentences(std::span<const std::vector<std::int32_t>> sentences);
    int context_length();

    int dimension(Space space) const;
    bool has_head() const;
    bool has_text_tower() const;      // by its config
    TokenizerKind tokenizer() const;  // of a model with a text tower
    const PreprocessSpec& preprocess() const;
    const std::filesystem::path& model_folder() const;
    const std::string& model_id() const;
    // Changes whenever vectors of `space` would: the base model's hash, and the checkpoint's for the
    // image space.
    std::string hash(Space space) const;
    std::string device() const;  // "cpu", "cuda:0"

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Number of threads of torch's own operators on the CPU; 0 means one per core.
void set_compute_threads(int threads);

}  // namespace clipsim
