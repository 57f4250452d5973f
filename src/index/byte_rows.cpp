#include "byte_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels.h"

namespace clipsim {

namespace {

constexpr std::size_t cache_line = 64;
constexpr int offset = 128;

float largest_magnitude(std::span<const float> values) {
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    return largest > 0 ? largest : 1;
}

std::int8_t rounded(float value, float scale) {
    return static_cast<std::int8_t>(std::lround(std::clamp(value * scale, -127.0F, 127.0F)));
}

}  // namespace

ByteRows::ByteRows(std::span<const float> vectors, std::size_t dimension)
    : dimension_(dimension),
      stride_((dimension + cache_line - 1) / cache_line * cache_line),
      scale_(127 / largest_magnitude(vectors)) {
    const std::size_t count = vectors.size() / dimension;
    rows_.assign(count * stride_, offset);
    for (std::size_t row = 0; row < count; ++row) {
        const float* values = vectors.data() + row * dimension;
        std::uint8_t* bytes = rows_.data() + row * stride_;
        for (std::size_t i = 0; i < dimension; ++i)
            bytes[i] = static_cast<std::uint8_t>(rounded(values[i], scale_) + offset);
    }
}

ByteQuery ByteRows::encode(std::span<const float> query) const {
    ByteQuery encoded;
    encoded.bytes.resize(stride_);
    const float scale = 127 / largest_magnitude(query);
    for (std::size_t i = 0; i < query.size(); ++i) encoded.bytes[i] = rounded(query[i], scale);
    encoded.bias = offset * std::accumulate(encoded.bytes.begin(), encoded.bytes.end(), 0);
    return encoded;
}

void ByteRows::load(std::int32_t id, ByteQuery& query) const {
    query.bytes.resize(stride_);
    const std::uint8_t* bytes = rows_.data() + static_cast<std::size_t>(id) * stride_;
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride_; ++i) {
        query.bytes[i] = static_cast<std::int8_t>(bytes[i] - offset);
        sum += query.bytes[i];
    }
    query.bias = offset * sum;
}

void ByteRows::similarities(const ByteQuery& query, std::span<const std::int32_t> ids,
                            std::int32_t* out) const {
    byte_products_at(query.bytes, rows_.data(), ids, out);
    for (std::size_t i = 0; i < ids.size(); ++i) out[i] -= query.bias;
}

}  // namespace clipsim
