// The two passes of a resize and the normalisation, in the widest instructions the CPU has (Highway). Whole
// numbers throughout, so that every set of instructions gives the same bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace clipsim {

// Pillow keeps coefficients as 22-bit fixed point: 32 bits less 8 of the pixel and 2 for the sum to
// overshoot.
inline constexpr int resample_precision_bits = 32 - 8 - 2;

// For each output position of one axis: the first source position and the weights from there on.
struct ResampleKernel {
    struct Span {
        int first = 0;
        int count = 0;
    };
    std::vector<Span> spans;            // firsts ascend
    std::vector<std::int32_t> weights;  // [spans.size(), stride]
    int stride = 0;
};

// Along x: rows of 3-byte pixels, `in_stride` bytes apart -> [rows, spans.size(), 3]. `in` is the first pixel
// that the first output looks at.
void resample_rows(const std::uint8_t* in, std::size_t in_stride, int rows, const ResampleKernel& kernel,
                   std::uint8_t* out);

// Along y: rows of row_bytes, the first of them the first that the first output looks at
// -> [spans.size(), row_bytes].
void resample_columns(const std::uint8_t* in, std::size_t row_bytes, const ResampleKernel& kernel,
                      std::uint8_t* out);

// [pixels, 3] bytes -> [3, pixels] floats, each (byte * rescale - mean) / std of its channel.
void normalise_pixels(const std::uint8_t* rgb, std::size_t pixels, float rescale,
                      const std::array<float, 3>& mean, const std::array<float, 3>& std, float* out);

}  // namespace clipsim
