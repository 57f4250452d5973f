// NumPy's .npy files, format version 1.0
// (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html).
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

namespace clipsim {

// A float32 matrix [rows, columns] in C order. Atomic.
void write_npy(const std::filesystem::path& file, std::span<const float> values, std::size_t rows,
               std::size_t columns);

// Row ids [rows, columns], int64, C order. Atomic.
void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> values, std::size_t rows,
               std::size_t columns);

// A file of float32 or float16 in C order, versions 1 to 3 of the format, read from front to back in pieces.
class NpyReader {
  public:
    // Throws UsageError naming the file and what is wrong: another type or shape, or fewer bytes than the
    // header promises.
    explicit NpyReader(const std::filesystem::path& file);
    std::size_t rows() const { return rows_; }
    std::size_t columns() const { return columns_; }
    // The next `out.size()` values, whole rows. Throws UsageError.
    void read(std::span<float> out);

  private:
    std::filesystem::path file_;
    std::ifstream in_;
    std::size_t element_size_ = 4;
    std::size_t rows_ = 0, columns_ = 0;
    std::vector<std::uint16_t> halves_;
};

struct FloatMatrix {
    std::vector<float> values;  // [rows, columns], C order
    std::size_t rows = 0;
    std::size_t columns = 0;
};

// The whole of it. Throws as NpyReader does.
FloatMatrix read_npy(const std::filesystem::path& file);

}  // namespace clipsim
