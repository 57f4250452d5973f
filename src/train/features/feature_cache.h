// What the frozen part of the tower makes of the images, computed once.
#pragma once

#include <torch/torch.h>

#include <stop_token>
#include <vector>

#include "clipsim/core/progress.h"
#include "clipsim/data/catalogue.h"
#include "clipsim/data/loader.h"
#include "clipsim/distributed/process_group.h"
#include "clipsim/model/clip_model.h"

namespace clipsim {

struct CachedImages {
    std::vector<std::size_t> images;  // [N] indices into Catalogue::images, those that could be read
    std::vector<int> labels;          // [N]
    torch::Tensor tokens;    // [N, T, W] what enters block `boundary`, on the CPU; undefined: not kept
    torch::Tensor features;  // [N, D] the embedding in CLIP's space, not normalised, on the device
};

struct FeatureCacheOptions {
    int boundary = 0;
    bool keep_tokens = true;  // false: features alone, also where they would take more than `token_bytes`
    ProcessGroup* processes = nullptr;  // null: this one alone
    std::int64_t token_bytes = std::int64_t{1} << 30;
    const char* title = "reading photos";
    int workers = 0;
    torch::Device device = torch::kCPU;
    ProgressStyle progress = ProgressStyle::automatic;
    std::stop_token stop;
};

// One pass of the tower over the images. Those that can't be read are left out and appended to `skipped`.
// With several processes each passes its part, and all get all of it.
CachedImages cache_features(VisionTower& tower, const PreprocessSpec& spec, const Catalogue& catalogue,
                            const std::vector<std::size_t>& images, const OpenFunction& open,
                            const FeatureCacheOptions& options, std::vector<SkippedImage>& skipped);

}  // namespace clipsim
