#include "rows/rotation.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace clipsim {

namespace {

// Steele, Lea and Flood's splitmix64 (2014): good bits from a counter.
std::uint64_t mixed(std::uint64_t value) {
    value += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
}

// Not scaled; the size is a power of two.
void walsh_hadamard(std::span<float> values) {
    for (std::size_t half = 1; half < values.size(); half *= 2) {
        for (std::size_t block = 0; block < values.size(); block += 2 * half) {
            float* low = values.data() + block;
            float* high = low + half;
            for (std::size_t i = 0; i < half; ++i) {
                const float sum = low[i] + high[i];
                high[i] = low[i] - high[i];
                low[i] = sum;
            }
        }
    }
}

}  // namespace

Rotation::Rotation(std::size_t dimension) : signs_(dimension) {
    const float scale = dimension == 0 ? 1 : 1 / std::sqrt(static_cast<float>(std::bit_floor(dimension)));
    for (std::size_t i = 0; i < dimension; ++i) signs_[i] = (mixed(i) & 1) != 0 ? scale : -scale;
}

void Rotation::apply(std::span<float> vector) const {
    const std::size_t block = std::bit_floor(vector.size());
    if (block == 0) return;
    const auto transform = [&](std::size_t first) {
        for (std::size_t i = first; i < first + block; ++i) vector[i] *= signs_[i];
        walsh_hadamard(vector.subspan(first, block));
    };
    transform(0);
    if (block < vector.size()) transform(vector.size() - block);
}

}  // namespace clipsim
