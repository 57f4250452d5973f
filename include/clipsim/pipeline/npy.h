// NumPy's .npy files, format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace clipsim {

// A float32 matrix [rows, columns] in C order. Atomic.
void write_npy(const std::filesystem::path& file, std::span<const float> values, std::size_t rows,
               std::size_t columns);

// Row ids [rows, columns], int64, C order. Atomic.
void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> values, std::size_t rows,
               std::size_t columns);

struct FloatMatrix {
    std::vector<float> values;  // [rows, columns], C order
    std::size_t rows = 0;
    std::size_t columns = 0;
};

// Reads a matrix of float32 or float16 in C order, versions 1 to 3 of the format. Throws UsageError naming
// the file and what is wrong: another type or shape, or fewer bytes than the header promises.
FloatMatrix read_npy(const std::filesystem::path& file);

}  // namespace clipsim
