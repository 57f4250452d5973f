// Views of the training images, each passed through the frozen blocks once and kept in a TokenCache.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "clipsim/core/progress.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/loader.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/model/clip_model.h"
#include "features/token_cache.h"
#include "stage.h"

namespace clipsim {

// What a loader makes a view of an image with: none for view 0, which is the image as it is, and a seed of
// its own for each of the augmented views from 1 on.
std::optional<std::uint64_t> view_seed(std::uint64_t seed, int view, std::size_t image);

class CachedViews {
  public:
    struct Source {
        const ClipModel& model;
        const Catalogue& catalogue;
        const std::vector<std::size_t>& images;  // [N] indices into the catalogue
        const OpenFunction& open;
        int boundary = 0;
        std::uint64_t seed = 0;
        int workers = 0;
        torch::Device device = torch::kCPU;
        ProgressStyle progress = ProgressStyle::automatic;
        std::stop_token stop;
        ProcessGroup* processes = nullptr;  // null: this one alone
    };

    // `files`: one per process, of which this one writes to its own. All of `source` must outlive this.
    CachedViews(const Source& source, std::vector<std::unique_ptr<TokenCache>> files);

    // Computes what is missing of a view. In fixed batches, so that the result is the same whenever it was
    // interrupted. Images that can't be read any more are appended to `skipped`. Throws Interrupted; what is
    // done is kept.
    void fill(int view, std::vector<SkippedImage>& skipped);

    // False where the cache could not take all of it.
    bool holds(int view) const;

    // The tokens of a filled view, less those of images that could not be read.
    BatchStream stream(int view, std::span<const std::vector<std::size_t>> batches) const;

  private:
    std::string key(std::size_t sample, int view) const;
    const TokenCache* file_with(const std::string& key) const;  // null: none of them
    TokenCache& own_file() const { return *files_[rank_]; }
    void compute(int view, std::vector<std::vector<LoadItem>> batches, std::vector<SkippedImage>& skipped);

    Source source_;
    std::vector<std::unique_ptr<TokenCache>> files_;
    std::size_t rank_, ranks_;
    std::vector<std::string> contents_;  // [N] a hash of each image
    std::vector<bool> unreadable_;       // [N]
};

}  // namespace clipsim
