// NumPy's .npy files, format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>

namespace clipsim {

// A float32 matrix [rows, columns] in C order. Atomic.
void write_npy(const std::filesystem::path& file, std::span<const float> values, std::size_t rows,
               std::size_t columns);

}  // namespace clipsim
