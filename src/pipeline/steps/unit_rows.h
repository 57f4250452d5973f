// Rows of a matrix from elsewhere, at unit length.
#pragma once

#include <filesystem>
#include <span>

namespace clipsim {

// Scales each of `rows` [N, columns]. `first`: the row of the file that they begin with, for the message.
// Throws UsageError for a row without a direction or with values that are no numbers.
void normalise_rows(const std::filesystem::path& file, std::span<float> rows, std::size_t columns,
                    std::size_t first);

}  // namespace clipsim
