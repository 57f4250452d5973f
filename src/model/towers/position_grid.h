// Position embeddings for another grid of patches than they were trained for.
#pragma once

#include <torch/torch.h>

#include "clipsim/model/families/tensor_names.h"

namespace clipsim {

// [b + g * g, W], b = grid.tokens_before -> [b + side * side, W], fp32: the grid's part resized bicubically,
// as open_clip (resize_pos_embed, with antialiasing) and Hugging Face's Dinov2Embeddings
// (interpolate_pos_encoding, without) do.
torch::Tensor resize_position_grid(const torch::Tensor& positions, const PositionGrid& grid);

// g, of b + g * g rows; 0 where the rows are no grid.
int position_grid_of(std::int64_t rows, int tokens_before);

}  // namespace clipsim
