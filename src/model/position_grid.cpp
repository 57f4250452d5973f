#include "position_grid.h"

#include <cmath>

namespace clipsim {

int position_grid_of(std::int64_t rows) {
    if (rows < 2 || rows > (1 << 24)) return 0;
    const auto side = std::lround(std::sqrt(static_cast<double>(rows - 1)));
    return side * side == rows - 1 ? static_cast<int>(side) : 0;
}

torch::Tensor resize_position_grid(const torch::Tensor& positions, int grid, bool antialias) {
    const std::int64_t width = positions.size(1);
    const int old_grid = position_grid_of(positions.size(0));
    const torch::Tensor all = positions.to(torch::kFloat32);
    const torch::Tensor patches =
        all.narrow(0, 1, all.size(0) - 1).reshape({1, old_grid, old_grid, width}).permute({0, 3, 1, 2});
    const torch::Tensor resized =
        torch::nn::functional::interpolate(patches, torch::nn::functional::InterpolateFuncOptions()
                                                        .size(std::vector<std::int64_t>{grid, grid})
                                                        .mode(torch::kBicubic)
                                                        .align_corners(false)
                                                        .antialias(antialias));
    return torch::cat({all.narrow(0, 0, 1), resized.permute({0, 2, 3, 1}).reshape({grid * grid, width})});
}

}  // namespace clipsim
