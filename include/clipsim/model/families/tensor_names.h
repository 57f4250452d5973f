// Which tensor of a model's file is which parameter of our towers, and how it is laid out there.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace clipsim {

// A row of position embeddings per patch of a grid, which a file may have for another grid than the tower.
struct PositionGrid {
    int side = 0;
    int tokens_before = 1;  // rows before those of the patches: the class token's
    // Whether they are resized with antialiasing: open_clip does, DINOv2's code does not, but does again for
    // the models with registers.
    bool antialias = true;
};

// A batch norm that follows a convolution in the file, which our towers have folded into its weight and bias.
struct FoldedBatchNorm {
    std::string file;  // its weight, bias, running_mean and running_var are behind this name
    double eps = 0;
};

// A parameter of a tower, and the tensor of the file that it is, is cut from, or is computed from.
struct TensorName {
    static constexpr int whole = -1;

    std::string tower;
    std::string file;
    int part = whole;         // 0, 1, 2: the rows of query, key, value in one matrix of all three
    bool transposed = false;  // [in, out] in the file
    int leading_ones = 0;     // [1, 1, W] in the file, [W] in the tower
    std::optional<PositionGrid> grid{};
    std::optional<FoldedBatchNorm> batch_norm{};
};

}  // namespace clipsim
