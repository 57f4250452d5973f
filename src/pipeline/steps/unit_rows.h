// Rows of a matrix from elsewhere, at unit length.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

namespace clipsim {

// Scales each of `rows` [N, columns]. `first`: the row of the file that they begin with, for the message.
// Throws UsageError for a row without a direction or with values that are no numbers.
void normalise_rows(const std::filesystem::path& file, std::span<float> rows, std::size_t columns,
                    std::size_t first);

// The first of the rows [N, columns] that a model made which is not of unit length: what comes of infinity or
// NaN, or of numbers too large.
std::optional<std::size_t> first_broken_row(std::span<const float> rows, std::size_t columns);
// Throws Error: what `model` makes of `input` is such a row.
[[noreturn]] void throw_broken(const std::string& model, const std::string& input);

}  // namespace clipsim
