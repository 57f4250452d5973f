#include "towers/position_grid.h"

#include <cmath>

namespace clipsim {

int position_grid_of(std::int64_t rows, int tokens_before) {
    const std::int64_t patches = rows - tokens_before;
    if (patches < 1 || patches > (1 << 24)) return 0;
    const auto side = std::lround(std::sqrt(static_cast<double>(patches)));
    return side * side == patches ? static_cast<int>(side) : 0;
}

torch::Tensor resize_position_grid(const torch::Tensor& positions, const PositionGrid& grid) {
    const std::int64_t width = positions.size(1);
    const std::int64_t before = grid.tokens_before;
    const int old_side = position_grid_of(positions.size(0), grid.tokens_before);
    const torch::Tensor all = positions.to(torch::kFloat32);
    const torch::Tensor patches = all.narrow(0, before, all.size(0) - before)
                                      .reshape({1, old_side, old_side, width})
                                      .permute({0, 3, 1, 2});
    const torch::Tensor resized =
        torch::nn::functional::interpolate(patches, torch::nn::functional::InterpolateFuncOptions()
                                                        .size(std::vector<std::int64_t>{grid.side, grid.side})
                                                        .mode(torch::kBicubic)
                                                        .align_corners(false)
                                                        .antialias(grid.antialias));
    return torch::cat({all.narrow(0, 0, before), resized.permute({0, 2, 3, 1}).reshape({-1, width})});
}

}  // namespace clipsim
