// Position embeddings for another grid of patches than they were trained for.
#pragma once

#include <torch/torch.h>

namespace clipsim {

// [1 + g * g, W], the class token's first -> [1 + grid * grid, W], fp32: the grid's part resized bicubically,
// as open_clip (resize_pos_embed, with antialiasing) and Hugging Face's Dinov2Embeddings
// (interpolate_pos_encoding, without) do.
torch::Tensor resize_position_grid(const torch::Tensor& positions, int grid, bool antialias);

// g, of 1 + g * g rows; 0 where the rows are no grid.
int position_grid_of(std::int64_t rows);

}  // namespace clipsim
