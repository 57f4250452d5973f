#include "clipsim/image/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "resize_kernels.h"

namespace clipsim {

namespace {

// Keys' cubic convolution kernel with a = -0.5, as Pillow's bicubic_filter.
double bicubic(double x) {
    constexpr double a = -0.5;
    x = std::abs(x);
    if (x < 1.0) return ((a + 2.0) * x - (a + 3.0)) * x * x + 1;
    if (x < 2.0) return (((x - 5) * x + 8) * x - 4) * a;
    return 0.0;
}

// How far from its centre an output looks, in source pixels.
double support_radius(int in_size, int out_size) {
    return 2.0 * std::max(static_cast<double>(in_size) / out_size, 1.0);
}

double centre_of(int in_size, int out_size, int output) {
    return (output + 0.5) * (static_cast<double>(in_size) / out_size);
}

// The source positions that one output looks at.
ResampleKernel::Span span_of(int in_size, int out_size, int output) {
    const double centre = centre_of(in_size, out_size, output);
    const double support = support_radius(in_size, out_size);
    // NOLINTBEGIN(bugprone-incorrect-roundings): as Pillow rounds
    const int first = std::max(0, static_cast<int>(centre - support + 0.5));
    const int last = std::min(in_size, static_cast<int>(centre + support + 0.5));
    // NOLINTEND(bugprone-incorrect-roundings)
    return {first, last - first};
}

// As Pillow's precompute_coeffs and normalize_coeffs_8bpc, for the outputs [begin, begin + count) alone.
ResampleKernel make_kernel(int in_size, int out_size, int begin, int count) {
    const double filter_scale = std::max(static_cast<double>(in_size) / out_size, 1.0);
    const double inverse_scale = 1.0 / filter_scale;  // Pillow multiplies; dividing would round otherwise
    ResampleKernel kernel;
    kernel.stride = static_cast<int>(std::ceil(support_radius(in_size, out_size))) * 2 + 1;
    kernel.spans.resize(static_cast<std::size_t>(count));
    kernel.weights.assign(static_cast<std::size_t>(count) * kernel.stride, 0);
    std::vector<double> weights(static_cast<std::size_t>(kernel.stride));
    for (int i = 0; i < count; ++i) {
        const double centre = centre_of(in_size, out_size, begin + i);
        const ResampleKernel::Span span = span_of(in_size, out_size, begin + i);
        double total = 0;
        for (int k = 0; k < span.count; ++k) {
            weights[k] = bicubic((span.first + k - centre + 0.5) * inverse_scale);
            total += weights[k];
        }
        for (int k = 0; k < span.count; ++k) {
            const double weight =
                (total != 0.0 ? weights[k] / total : weights[k]) * (1 << resample_precision_bits);
            kernel.weights[static_cast<std::size_t>(i) * kernel.stride + k] =
                static_cast<int>(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
        kernel.spans[i] = span;
    }
    return kernel;
}

// Pixels of a picture from (x, y) on, rows `stride` bytes apart.
struct SourcePixels {
    const std::uint8_t* rgb = nullptr;
    std::size_t stride = 0;
    int x = 0, y = 0;
};

Pixels resize(const SourcePixels& source, const PixelRect& from, int width, int height,
              const PixelRect& window) {
    const ResampleKernel horizontal = make_kernel(from.width, width, window.x, window.width);
    const ResampleKernel vertical = make_kernel(from.height, height, window.y, window.height);
    Pixels out{window.width, window.height, {}};
    out.rgb.resize(static_cast<std::size_t>(out.width) * out.height * 3);
    if (out.rgb.empty()) return out;
    const int first_column = horizontal.spans.front().first;
    const int first_row = vertical.spans.front().first;
    const int rows = vertical.spans.back().first + vertical.spans.back().count - first_row;
    const std::size_t row_bytes = static_cast<std::size_t>(out.width) * 3;
    const std::uint8_t* corner = source.rgb +
                                 static_cast<std::size_t>(from.y + first_row - source.y) * source.stride +
                                 static_cast<std::size_t>(from.x + first_column - source.x) * 3;
    // A thread's next resize uses the same memory; every byte of it is written first.
    thread_local std::vector<std::uint8_t> narrowed;
    narrowed.resize(static_cast<std::size_t>(rows) * row_bytes);
    resample_rows(corner, source.stride, rows, horizontal, narrowed.data());
    resample_columns(narrowed.data(), row_bytes, vertical, out.rgb.data());
    return out;
}

// The source positions of one axis that the outputs [begin, begin + count) look at: the first and their
// number.
ResampleKernel::Span support_of(int in_size, int out_size, int begin, int count) {
    if (count == 0) return {};
    const ResampleKernel::Span first = span_of(in_size, out_size, begin);
    const ResampleKernel::Span last = span_of(in_size, out_size, begin + count - 1);
    return {first.first, last.first + last.count - first.first};
}

}  // namespace

PixelRect resize_support(const PixelRect& from, int width, int height, const PixelRect& window) {
    const ResampleKernel::Span columns = support_of(from.width, width, window.x, window.width);
    const ResampleKernel::Span rows = support_of(from.height, height, window.y, window.height);
    return {from.x + columns.first, from.y + rows.first, columns.count, rows.count};
}

Pixels resize_bicubic(const PicturePart& source, const PixelRect& from, int width, int height,
                      const PixelRect& window) {
    const Pixels& pixels = source.pixels;
    return resize({pixels.rgb.data(), static_cast<std::size_t>(pixels.width) * 3, source.x, source.y}, from,
                  width, height, window);
}

Pixels resize_bicubic(const Pixels& source, int width, int height, const PixelRect& window) {
    return resize({source.rgb.data(), static_cast<std::size_t>(source.width) * 3, 0, 0},
                  {0, 0, source.width, source.height}, width, height, window);
}

Pixels resize_bicubic(const Pixels& source, int width, int height) {
    return resize_bicubic(source, width, height, {0, 0, width, height});
}

}  // namespace clipsim
