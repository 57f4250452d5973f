// Files in, unit vectors out: decoding runs ahead on worker threads while the model embeds.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/data/data_config.h"
#include "clipsim/data/loader.h"
#include "clipsim/model/embedder.h"

namespace clipsim {

struct EmbeddedBatch {
    std::vector<std::size_t> files;           // [N] positions in the list of files
    std::vector<std::string> hashes;          // [N] hash_bytes of what each held
    std::vector<std::vector<float>> vectors;  // one matrix per space asked for, each [N, dimension(space)]
};

class EmbeddingStream {
  public:
    // `files` have to outlive it.
    EmbeddingStream(Embedder& embedder, std::span<const std::filesystem::path> files,
                    std::vector<Space> spaces, const DataConfig& data, int batch_size = 32);

    // The next batch in the order of the files, or nothing at the end. Files that can't be read are missing
    // from it. Throws Error naming the first of them of which the model makes no unit vector.
    std::optional<EmbeddedBatch> next();
    const std::vector<SkippedImage>& skipped() const { return loader_.skipped(); }

  private:
    Embedder& embedder_;
    std::span<const std::filesystem::path> files_;
    std::vector<Space> spaces_;
    ImageLoader loader_;
};

}  // namespace clipsim
