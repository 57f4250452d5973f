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

// As Pillow's precompute_coeffs and normalize_coeffs_8bpc, for the outputs [begin, begin + count) alone.
ResampleKernel make_kernel(int in_size, int out_size, int begin, int count) {
    const double scale = static_cast<double>(in_size) / out_size;
    const double filter_scale = std::max(scale, 1.0);
    const double support = 2.0 * filter_scale;
    const double inverse_scale = 1.0 / filter_scale;  // Pillow multiplies; dividing would round otherwise
    ResampleKernel kernel;
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
            const double weight =
                (total != 0.0 ? weights[k] / total : weights[k]) * (1 << resample_precision_bits);
            kernel.weights[static_cast<std::size_t>(i) * kernel.stride + k] =
                static_cast<int>(weight < 0 ? weight - 0.5 : weight + 0.5);
        }
        kernel.spans[i] = {first, last - first};
    }
    return kernel;
}

}  // namespace

Pixels resize_bicubic(const Pixels& source, int width, int height, const CropWindow& window) {
    const ResampleKernel horizontal = make_kernel(source.width, width, window.x, window.width);
    const ResampleKernel vertical = make_kernel(source.height, height, window.y, window.height);
    Pixels out{window.width, window.height, {}};
    out.rgb.resize(static_cast<std::size_t>(out.width) * out.height * 3);
    if (out.rgb.empty()) return out;
    const int first_row = vertical.spans.front().first;
    const int rows = vertical.spans.back().first + vertical.spans.back().count - first_row;
    const std::size_t row_bytes = static_cast<std::size_t>(out.width) * 3;
    const std::size_t source_bytes = static_cast<std::size_t>(source.width) * 3;
    // A thread's next resize uses the same memory; every byte of it is written first.
    thread_local std::vector<std::uint8_t> narrowed;
    narrowed.resize(static_cast<std::size_t>(rows) * row_bytes);
    resample_rows(source.rgb.data() + static_cast<std::size_t>(first_row) * source_bytes, source_bytes, rows,
                  horizontal, narrowed.data());
    resample_columns(narrowed.data(), first_row, row_bytes, vertical, out.rgb.data());
    return out;
}

Pixels resize_bicubic(const Pixels& source, int width, int height) {
    return resize_bicubic(source, width, height, {0, 0, width, height});
}

}  // namespace clipsim
