// What enters the first unfrozen block, batch by batch: from memory, or computed again from the image files.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "clipsim/data/loader.h"
#include "clipsim/model/clip_model.h"
#include "stage.h"

namespace clipsim {

// From cached tokens or features [N, ...], moved to `device`.
BatchStream stream_cached_tokens(const torch::Tensor& tokens,
                                 std::span<const std::vector<std::size_t>> batches,
                                 const torch::Device& device);

// Through the loader and the frozen part of the tower. The tag of an item is its sample index. A picture that
// can't be read any more is missing from its batch and told to `on_skipped`.
BatchStream stream_loaded_tokens(const ClipModel& model, int boundary,
                                 std::vector<std::vector<LoadItem>> batches, const OpenFunction& open,
                                 int workers, const torch::Device& device, std::optional<at::ScalarType> amp,
                                 std::function<void(const SkippedImage&)> on_skipped);

}  // namespace clipsim
