#include "clipsim/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace clipsim {

namespace {

// Pillow keeps coefficients as 22-bit fixed point: 32 bits less 8 of the pixel and 2 for the sum to
// overshoot.
constexpr int precision_bits = 32 - 8 - 2;

// Keys' cubic convolution kernel with a = -0.5, as Pillow's bicubic_filter.
double bicubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

// For each output position of one axis: the first source position and the weights from there on.
struct Kernel {
    struct Span {
        int first = 0;
        int count = 0;
    };
    std::vector<Span> spans;
    std::vector<int> weights;  // [spans.size(), stride]
    int stride = 0;
};

// As Pillow's precompute_coeffs and normalize_coeffs_8bpc, for the outputs [begin, begin + count) alone.
Kernel make_kernel(int in_size, int out_size, int begin, int count) {
    const double scale = static_cast<double>(in_size) / out_size;
    const double filter_scale = std::max(scale, 1.0);
    const double support = 2.0 * filter_scale;
    const double inverse_scale = 1.0 / filter_scale;  // Pillow multiplies; dividing would round otherwise
    Kernel kernel;
    kernel.stride = static_cast<int>(std::ceil(support)) * 2 + 1;
    kernel.spans.resize(static_cast<std::size_t>(count));
    kernel.weights.assign(static_cast<std::size_t>(count) * kernel.stride, 0);
    std::vector<double> weights(static_cast<std::size_t>(kernel.stride));
    for (int i = 0; i < count; ++i) {
        const double centre = (begin + i + 0.5) * scale;
        // NOLINTBEGIN(bugprone-incorrect-roundings): as Pillow rounds
        const int first = std::max(0, static_cast<int>(centre - support + 0.5));
        const int last = std::min(in_size, static_cast<int>(centre + support + 0.5));
        // NOLINTEND(bugprone-incorrect-roundings)
        double total = 0;
        for (int k = 0; k < last - first; ++k) {
            weights[k] = bicubic((first + k - centre + 0.5) * inverse_scale);
            total += weights[k];
        }
        for (int k = 0; k < last - first; ++k) {
            const double weight = (total != 0.0 ? weights[k] / total : weights[k]) * (1 << precision_bits);
            kernel.weights[static_cast<std::size_t>(i) * kernel.stride + k] =
                static_cast<int>(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
        kernel.spans[i] = {first, last - first};
    }
    return kernel;
}

std::uint8_t clip8(int value) {
    return static_cast<std::uint8_t>(std::clamp(value >> precision_bits, 0, 255));
}

// Rows [first_row, first_row + rows) of the source, resampled along x: [rows, width, 3].
std::vector<std::uint8_t> resample_rows(const Pixels& source, const Kernel& kernel, int first_row, int rows) {
    const int width = static_cast<int>(kernel.spans.size());
    std::vector<std::uint8_t> out(static_cast<std::size_t>(rows) * width * 3);
    for (int y = 0; y < rows; ++y) {
        const std::uint8_t* in =
            source.rgb.data() + static_cast<std::size_t>(first_row + y) * source.width * 3;
        std::uint8_t* target = out.data() + static_cast<std::size_t>(y) * width * 3;
        for (std::ptrdiff_t x = 0; x < width; ++x) {
            const auto [first, count] = kernel.spans[x];
            const int* weights = kernel.weights.data() + static_cast<std::size_t>(x) * kernel.stride;
            const std::uint8_t* pixel = in + static_cast<std::size_t>(first) * 3;
            int red = 1 << (precision_bits - 1), green = red, blue = red;
            for (int k = 0; k < count; ++k, pixel += 3) {
                red += pixel[0] * weights[k];
                green += pixel[1] * weights[k];
                blue += pixel[2] * weights[k];
            }
            target[3 * x] = clip8(red);
            target[3 * x + 1] = clip8(green);
            target[3 * x + 2] = clip8(blue);
        }
    }
    return out;
}

// Along y; `in` holds the source's rows from first_row on.
void resample_columns(const std::vector<std::uint8_t>& in, int first_row, const Kernel& kernel, Pixels& out) {
    const std::size_t row_bytes = static_cast<std::size_t>(out.width) * 3;
    std::vector<int> sums(row_bytes);
    for (int y = 0; y < out.height; ++y) {
        const auto [first, count] = kernel.spans[y];
        const int* weights = kernel.weights.data() + static_cast<std::size_t>(y) * kernel.stride;
        std::fill(sums.begin(), sums.end(), 1 << (precision_bits - 1));
        for (int k = 0; k < count; ++k) {
            const std::uint8_t* row = in.data() + static_cast<std::size_t>(first - first_row + k) * row_bytes;
            const int weight = weights[k];
            for (std::size_t i = 0; i < row_bytes; ++i) sums[i] += row[i] * weight;
        }
        std::uint8_t* target = out.rgb.data() + static_cast<std::size_t>(y) * row_bytes;
        for (std::size_t i = 0; i < row_bytes; ++i) target[i] = clip8(sums[i]);
    }
}

}  // namespace

Pixels resize_bicubic(const Pixels& source, int width, int height, const CropWindow& window) {
    const Kernel horizontal = make_kernel(source.width, width, window.x, window.width);
    const Kernel vertical = make_kernel(source.height, height, window.y, window.height);
    Pixels out{window.width, window.height, {}};
    out.rgb.resize(static_cast<std::size_t>(out.width) * out.height * 3);
    if (out.rgb.empty()) return out;
    const int first_row = vertical.spans.front().first;
    const int last_row = vertical.spans.back().first + vertical.spans.back().count;
    resample_columns(resample_rows(source, horizontal, first_row, last_row - first_row), first_row, vertical,
                     out);
    return out;
}

Pixels resize_bicubic(const Pixels& source, int width, int height) {
    return resize_bicubic(source, width, height, {0, 0, width, height});
}

}  // namespace clipsim
