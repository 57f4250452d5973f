#include "clipsim/pipeline/steps/npy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/text.h"

namespace clipsim {

namespace {

static_assert(std::endian::native == std::endian::little, "headers are written and read as little-endian");

void write_matrix(const std::filesystem::path& file, const char* type, std::span<const std::byte> bytes,
                  std::size_t rows, std::size_t columns) {
    std::string header =
        concat("{'descr': '", type, "', 'fortran_order': False, 'shape': (", rows, ", ", columns, "), }");
    // Magic, version and length take 10 bytes; the data starts at a multiple of 64.
    const std::size_t padded = (10 + header.size() + 2 + 63) / 64 * 64 - 10;
    header.append(padded - header.size(), ' ');
    header.replace(padded - 2, 2, "\t\n");  // the tab is how is_own_output knows it

    std::string content("\x93NUMPY\x01\x00", 8);
    content.push_back(static_cast<char>(header.size() & 0xFF));
    content.push_back(static_cast<char>(header.size() >> 8));
    content += header;
    content.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    write_file_atomically(file, content);
}

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& why) {
    throw UsageError(concat(printable(file), ": ", why));
}

// The text after `'key':` in the header's Python dictionary, without blanks before it.
std::string value_of(const std::string& header, const std::string& key) {
    const auto at = header.find(concat('\'', key, "':"));
    if (at == std::string::npos) return {};
    return header.substr(std::min(header.find_first_not_of(' ', at + key.size() + 3), header.size()));
}

// "(rows, columns)"
std::optional<std::pair<std::size_t, std::size_t>> parse_shape(const std::string& text) {
    unsigned long long rows = 0, columns = 0;
    char end = 0;
    if (std::sscanf(text.c_str(), "(%llu, %llu%c", &rows, &columns, &end) != 3) return std::nullopt;
    if (end != ')') return std::nullopt;
    constexpr unsigned long long most = 1ULL << 40;
    if (rows > most || columns > most || (columns > 0 && rows > most / columns)) return std::nullopt;
    return std::pair<std::size_t, std::size_t>(rows, columns);
}

// IEEE 754 binary16.
float from_half(std::uint16_t half) {
    const int exponent = half >> 10 & 0x1F;
    const float fraction = static_cast<float>(half & 0x3FF) / 1024;
    const float sign = (half & 0x8000) != 0 ? -1.0F : 1.0F;
    if (exponent == 0) return sign * std::ldexp(fraction, -14);
    if (exponent == 31) return fraction == 0 ? sign * HUGE_VALF : NAN;
    return sign * std::ldexp(1 + fraction, exponent - 15);
}

struct Header {
    std::size_t element_size = 4;
    std::size_t rows = 0, columns = 0;
};

Header read_header(std::istream& in, const std::filesystem::path& file) {
    std::string start(8, '\0');
    if (!in.read(start.data(), 8) || !start.starts_with("\x93NUMPY")) refuse(file, "not a .npy file");
    std::uint32_t length = 0;
    const std::size_t length_bytes = start[6] == 1 ? 2 : 4;
    in.read(reinterpret_cast<char*>(&length), static_cast<std::streamsize>(length_bytes));
    constexpr std::uint32_t longest = 1 << 20;
    if (!in || length > longest) refuse(file, "its header is damaged");
    std::string text(length, '\0');
    if (!in.read(text.data(), static_cast<std::streamsize>(length))) refuse(file, "its header is cut off");

    Header header;
    const std::string type = value_of(text, "descr");
    if (type.starts_with("'<f2'")) {
        header.element_size = 2;
    } else if (!type.starts_with("'<f4'")) {
        refuse(file, concat("expected float32 or float16, got ", type.substr(0, type.find(','))));
    }
    if (!value_of(text, "fortran_order").starts_with("False"))
        refuse(file, "expected C order, got Fortran order; save np.ascontiguousarray(matrix)");
    const auto shape = parse_shape(value_of(text, "shape"));
    if (!shape) refuse(file, "expected a matrix, [rows, columns]");
    std::tie(header.rows, header.columns) = *shape;
    return header;
}

}  // namespace

void write_npy(const std::filesystem::path& file, std::span<const float> values, std::size_t rows,
               std::size_t columns) {
    write_matrix(file, "<f4", std::as_bytes(values), rows, columns);
}

void write_npy(const std::filesystem::path& file, std::span<const std::int64_t> values, std::size_t rows,
               std::size_t columns) {
    write_matrix(file, "<i8", std::as_bytes(values), rows, columns);
}

NpyReader::NpyReader(const std::filesystem::path& file) : file_(file), in_(file, std::ios::binary) {
    if (!in_) refuse(file, "the file can't be read");
    const Header header = read_header(in_, file);
    element_size_ = header.element_size;
    rows_ = header.rows;
    columns_ = header.columns;
    // The file's own size bounds what is allocated, whatever the header says.
    std::error_code error;
    const std::uintmax_t left =
        std::filesystem::file_size(file, error) - static_cast<std::uintmax_t>(in_.tellg());
    if (error || left < rows_ * columns_ * element_size_) {
        refuse(file, concat("it is cut off: ", rows_, " x ", columns_, " values are promised"));
    }
}

void NpyReader::read(std::span<float> out) {
    if (element_size_ == 4) {
        in_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size_bytes()));
    } else {
        halves_.resize(out.size());
        in_.read(reinterpret_cast<char*>(halves_.data()), static_cast<std::streamsize>(out.size() * 2));
        std::ranges::transform(halves_, out.begin(), from_half);
    }
    if (!in_) refuse(file_, "reading it failed");
}

FloatMatrix read_npy(const std::filesystem::path& file) {
    NpyReader in(file);
    FloatMatrix matrix{std::vector<float>(in.rows() * in.columns()), in.rows(), in.columns()};
    in.read(matrix.values);
    return matrix;
}

}  // namespace clipsim
