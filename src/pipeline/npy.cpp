#include "clipsim/pipeline/npy.h"

#include <bit>
#include <string>

#include "clipsim/core/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

void write_npy(const std::filesystem::path& file, std::span<const float> values, std::size_t rows,
               std::size_t columns) {
    static_assert(std::endian::native == std::endian::little, "the header below says little-endian");
    std::string header =
        concat("{'descr': '<f4', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
    // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
    const std::size_t padded = (10 + header.size() + 1 + 63) / 64 * 64 - 10;
    header.append(padded - header.size() - 1, ' ');
    header.push_back('\n');

    std::string content("\x93NUMPY\x01\x00", 8);
    content.push_back(static_cast<char>(header.size() & 0xFF));
    content.push_back(static_cast<char>(header.size() >> 8));
    content += header;
    content.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    write_file_atomically(file, content);
}

}  // namespace clipsim
