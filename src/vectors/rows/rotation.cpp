#include "rows/rotation.h"

#include <bit>
#include <cmath>
#include <cstdint>

#include "clipsim/core/random.h"

namespace clipsim {

namespace {

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
    for (std::size_t i = 0; i < dimension; ++i) signs_[i] = (Random(i).next() & 1) != 0 ? scale : -scale;
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
