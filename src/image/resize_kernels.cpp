#include "resize_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "resize_kernels.cpp"
#include "clipsim/core/each_instruction_set.h"

HWY_BEFORE_NAMESPACE();
namespace clipsim {
namespace HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

// Rows that the horizontal pass takes at once. It transposes them, so that the same byte of all rows lies
// side by side: sums then run down vectors, as in the vertical pass, and no pixel of three bytes has to be
// taken apart.
constexpr std::size_t block_rows = 16;

// Half a block or less, so that two sums run side by side.
using Sums = hn::CappedTag<std::int32_t, block_rows / 2>;

// A 16 x 16 block: out[16 * column + row] = rows[row][column].
HWY_INLINE void transpose(const std::uint8_t* const* rows, std::size_t column, std::uint8_t* out,
                          std::size_t out_stride) {
#if HWY_TARGET == HWY_SCALAR
    for (std::size_t i = 0; i < 16; ++i) {
        for (std::size_t row = 0; row < 16; ++row) out[i * out_stride + row] = rows[row][column + i];
    }
#else
    using Bytes = hn::Full128<std::uint8_t>;
    const Bytes d;
    hn::Vec<Bytes> a[16], b[16];
    for (std::size_t i = 0; i < 16; ++i) a[i] = hn::LoadU(d, rows[i] + column);
    // Four times, row i is interleaved with row i + 8 into rows 2 i and 2 i + 1: a perfect shuffle of the 8
    // bits that number a byte of the block, so after four the row's bits and the column's have changed
    // places.
    for (int pass = 0; pass < 4; ++pass) {
        for (std::size_t i = 0; i < 8; ++i) {
            b[2 * i] = hn::InterleaveLower(d, a[i], a[i + 8]);
            b[2 * i + 1] = hn::InterleaveUpper(d, a[i], a[i + 8]);
        }
        for (std::size_t i = 0; i < 16; ++i) a[i] = b[i];
    }
    for (std::size_t i = 0; i < 16; ++i) hn::StoreU(a[i], d, out + i * out_stride);
#endif
}

// Transposes 16 rows of `bytes` bytes into `bytes` columns of 16: the last block overlaps the one before it,
// so that nothing is read past the end of a row. Rows of fewer than 16 bytes go one by one.
HWY_INLINE void transpose_rows(const std::uint8_t* const* rows, std::size_t bytes, std::uint8_t* columns) {
    if (bytes < 16) {
        for (std::size_t i = 0; i < bytes; ++i) {
            for (std::size_t row = 0; row < block_rows; ++row) columns[i * block_rows + row] = rows[row][i];
        }
        return;
    }
    for (std::size_t i = 0; i + 16 <= bytes; i += 16)
        transpose(rows, i, columns + i * block_rows, block_rows);
    if (bytes % 16 != 0) transpose(rows, bytes - 16, columns + (bytes - 16) * block_rows, block_rows);
}

// One pixel of 16 output rows: the weighted sums of the columns of its three channels.
HWY_INLINE void sum_columns(const std::uint8_t* HWY_RESTRICT columns, const std::int32_t* weights, int count,
                            std::uint8_t* HWY_RESTRICT out) {
    const Sums d;
    const hn::Rebind<std::uint8_t, Sums> d8;
    const std::size_t lanes = hn::Lanes(d);
    const auto half = hn::Set(d, 1 << (resample_precision_bits - 1));
    for (std::size_t lane = 0; lane < block_rows; lane += 2 * lanes) {
        auto red0 = half, red1 = half, green0 = half, green1 = half, blue0 = half, blue1 = half;
        const std::uint8_t* column = columns + lane;
        for (int k = 0; k < count; ++k, column += 3 * block_rows) {
            const auto weight = hn::Set(d, weights[k]);
            const auto product = [&](std::size_t at) {
                return hn::Mul(hn::PromoteTo(d, hn::LoadU(d8, column + at)), weight);
            };
            red0 = hn::Add(red0, product(0));
            red1 = hn::Add(red1, product(lanes));
            green0 = hn::Add(green0, product(block_rows));
            green1 = hn::Add(green1, product(block_rows + lanes));
            blue0 = hn::Add(blue0, product(2 * block_rows));
            blue1 = hn::Add(blue1, product(2 * block_rows + lanes));
        }
        const auto store = [&](std::size_t at, hn::Vec<Sums> sum) {
            hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<resample_precision_bits>(sum)), d8, out + lane + at);
        };
        store(0, red0), store(lanes, red1);
        store(block_rows, green0), store(block_rows + lanes, green1);
        store(2 * block_rows, blue0), store(2 * block_rows + lanes, blue1);
    }
}

void resample_rows_kernel(const std::uint8_t* in, std::size_t in_stride, int rows,
                          const ResampleKernel& kernel, std::uint8_t* out) {
    const std::size_t width = kernel.spans.size(), out_stride = width * 3;
    // Only the columns that some output needs.
    std::size_t first = static_cast<std::size_t>(kernel.spans.front().first), last = 0;
    for (const auto& [start, count] : kernel.spans)
        last = std::max(last, static_cast<std::size_t>(start + count));
    const std::size_t bytes = (last - first) * 3;
    std::vector<std::uint8_t> columns(bytes * block_rows),
        sums(std::max<std::size_t>(16, out_stride) * block_rows);
    std::vector<std::uint8_t> transposed(std::max<std::size_t>(16, out_stride) * block_rows);
    for (std::size_t y = 0; y < static_cast<std::size_t>(rows); y += block_rows) {
        const std::size_t count = std::min(block_rows, static_cast<std::size_t>(rows) - y);
        const std::uint8_t* row_of[block_rows];
        for (std::size_t row = 0; row < block_rows; ++row)
            row_of[row] = in + (y + std::min(row, count - 1)) * in_stride;
        transpose_rows(row_of, bytes, columns.data());
        for (std::size_t x = 0; x < width; ++x) {
            const auto [start, taps] = kernel.spans[x];
            const std::uint8_t* column =
                columns.data() + (static_cast<std::size_t>(start) - first) * 3 * block_rows;
            const std::int32_t* weights = kernel.weights.data() + x * static_cast<std::size_t>(kernel.stride);
            sum_columns(column, weights, taps, sums.data() + x * 3 * block_rows);
        }
        // Back to rows, 16 columns at a time.
        const std::size_t padded = std::max<std::size_t>(16, out_stride);
        for (std::size_t i = 0; i < out_stride; i += 16) {
            const std::size_t at = std::min(i, padded - 16);
            const std::uint8_t* column_of[block_rows];
            for (std::size_t column = 0; column < 16; ++column)
                column_of[column] = sums.data() + (at + column) * block_rows;
            transpose(column_of, 0, transposed.data() + at, padded);
        }
        for (std::size_t row = 0; row < count; ++row)
            std::copy_n(transposed.data() + row * padded, out_stride, out + (y + row) * out_stride);
    }
}

void resample_columns_kernel(const std::uint8_t* in, std::size_t row_bytes, const ResampleKernel& kernel,
                             std::uint8_t* out) {
    const int first_row = kernel.spans.front().first;
    const hn::CappedTag<std::int32_t, 16> d;
    const hn::Rebind<std::uint8_t, decltype(d)> d8;
    const std::size_t lanes = hn::Lanes(d);
    const auto half = hn::Set(d, 1 << (resample_precision_bits - 1));
    for (std::size_t y = 0; y < kernel.spans.size(); ++y) {
        const auto [first, count] = kernel.spans[y];
        const std::int32_t* weights = kernel.weights.data() + y * static_cast<std::size_t>(kernel.stride);
        const std::uint8_t* rows = in + static_cast<std::size_t>(first - first_row) * row_bytes;
        std::uint8_t* target = out + y * row_bytes;
        std::size_t i = 0;
        for (; i + 4 * lanes <= row_bytes; i += 4 * lanes) {
            auto sum0 = half, sum1 = half, sum2 = half, sum3 = half;
            const std::uint8_t* row = rows + i;
            for (int k = 0; k < count; ++k, row += row_bytes) {
                const auto weight = hn::Set(d, weights[k]);
                const auto at = [&](std::size_t n) {
                    return hn::PromoteTo(d, hn::LoadU(d8, row + n * lanes));
                };
                sum0 = hn::Add(sum0, hn::Mul(at(0), weight));
                sum1 = hn::Add(sum1, hn::Mul(at(1), weight));
                sum2 = hn::Add(sum2, hn::Mul(at(2), weight));
                sum3 = hn::Add(sum3, hn::Mul(at(3), weight));
            }
            const auto store = [&](std::size_t n, hn::Vec<decltype(d)> sum) {
                hn::StoreU(hn::DemoteTo(d8, hn::ShiftRight<resample_precision_bits>(sum)), d8,
                           target + i + n * lanes);
            };
            store(0, sum0), store(1, sum1), store(2, sum2), store(3, sum3);
        }
        for (; i < row_bytes; ++i) {
            std::int32_t sum = 1 << (resample_precision_bits - 1);
            for (int k = 0; k < count; ++k)
                sum += rows[static_cast<std::size_t>(k) * row_bytes + i] * weights[k];
            target[i] = static_cast<std::uint8_t>(std::clamp(sum >> resample_precision_bits, 0, 255));
        }
    }
}

// Not fused: a product and a difference, each rounded, as one at a time.
void normalise_kernel(const std::uint8_t* rgb, std::size_t pixels, float rescale,
                      const std::array<float, 3>& mean, const std::array<float, 3>& std, float* out) {
    const hn::CappedTag<float, 16> df;
    const hn::Rebind<std::int32_t, decltype(df)> d32;
    const hn::Rebind<std::uint8_t, decltype(df)> d8;
    const std::size_t lanes = hn::Lanes(df);
    const auto scale = hn::Set(df, rescale);
    std::size_t i = 0;
    for (; i + lanes <= pixels; i += lanes) {
        hn::Vec<decltype(d8)> channels[3];
        hn::LoadInterleaved3(d8, rgb + 3 * i, channels[0], channels[1], channels[2]);
        for (std::size_t c = 0; c < 3; ++c) {
            const auto value = hn::Mul(hn::ConvertTo(df, hn::PromoteTo(d32, channels[c])), scale);
            hn::StoreU(hn::Div(hn::Sub(value, hn::Set(df, mean[c])), hn::Set(df, std[c])), df,
                       out + c * pixels + i);
        }
    }
    for (; i < pixels; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            const float value = static_cast<float>(rgb[3 * i + c]) * rescale;
            out[c * pixels + i] = (value - mean[c]) / std[c];
        }
    }
}

}  // namespace
}  // namespace HWY_NAMESPACE
}  // namespace clipsim
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace clipsim {

namespace {
HWY_EXPORT(resample_rows_kernel);
HWY_EXPORT(resample_columns_kernel);
HWY_EXPORT(normalise_kernel);
}  // namespace

void resample_rows(const std::uint8_t* in, std::size_t in_stride, int rows, const ResampleKernel& kernel,
                   std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(resample_rows_kernel)(in, in_stride, rows, kernel, out);
}

void resample_columns(const std::uint8_t* in, std::size_t row_bytes, const ResampleKernel& kernel,
                      std::uint8_t* out) {
    HWY_DYNAMIC_DISPATCH(resample_columns_kernel)(in, row_bytes, kernel, out);
}

void normalise_pixels(const std::uint8_t* rgb, std::size_t pixels, float rescale,
                      const std::array<float, 3>& mean, const std::array<float, 3>& std, float* out) {
    HWY_DYNAMIC_DISPATCH(normalise_kernel)(rgb, pixels, rescale, mean, std, out);
}

}  // namespace clipsim
#endif
