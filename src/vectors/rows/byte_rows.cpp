#include "rows/byte_rows.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "rows/kernels.h"

namespace clipsim {

namespace {

constexpr std::size_t cache_line = 64;
constexpr int offset = 128;

float largest_of(std::span<const float> values) {
    float largest = 0;
    for (const float value : values) largest = std::max(largest, std::abs(value));
    return largest;
}

// To the nearest, halves to even (a single instruction, unlike lround).
int rounded(float value, float scale, float most) {
    return static_cast<int>(std::nearbyintf(std::clamp(value * scale, -most, most)));
}

}  // namespace

ByteRows::ByteRows(std::size_t count, std::size_t dimension, float largest)
    : dimension_(dimension),
      stride_((dimension + cache_line - 1) / cache_line * cache_line),
      scale_(127 / (largest > 0 ? largest : 1)),
      rotated_(true),
      rotation_(dimension),
      own_(count * stride_, offset),
      bytes_(own_) {}

ByteRows::ByteRows(std::span<const float> vectors, std::size_t dimension)
    : ByteRows(vectors.size() / dimension, dimension, largest_magnitude(vectors, dimension)) {
    set(0, vectors);
}

ByteRows::ByteRows(const StoredRows& rows, std::size_t count, float largest) {
    const auto look_at = [&](std::size_t, std::span<const float> values) {
        largest = std::max(largest, largest_magnitude(values, rows.dimension()));
    };
    rows.for_each_block(look_at);
    *this = ByteRows(std::max(count, rows.size()), rows.dimension(), largest);
    rows.for_each_block([&](std::size_t first, std::span<const float> values) { set(first, values); });
}

float ByteRows::largest_magnitude(std::span<const float> vectors, std::size_t dimension) {
    const Rotation rotation(dimension);
    std::vector<float> rotated(dimension);
    float largest = 0;
    for (std::size_t at = 0; at < vectors.size(); at += dimension) {
        std::ranges::copy(vectors.subspan(at, dimension), rotated.begin());
        rotation.apply(rotated);
        largest = std::max(largest, largest_of(rotated));
    }
    return largest;
}

ByteRows ByteRows::over(std::span<const std::uint8_t> bytes, std::size_t dimension, float scale,
                        float largest_norm, float largest_error, bool rotated) {
    ByteRows rows(0, dimension, 1);
    rows.rotated_ = rotated;
    rows.scale_ = scale;
    rows.largest_norm_ = largest_norm;
    rows.largest_error_ = largest_error;
    rows.bytes_ = bytes;
    return rows;
}

ByteRows ByteRows::over_codes(std::span<const std::uint8_t> codes, std::vector<float> steps) {
    ByteRows rows(0, steps.size(), 1);
    rows.rotated_ = false;
    rows.steps_ = std::move(steps);
    rows.bytes_ = codes;
    return rows;
}

ByteRows ByteRows::with_room_for(std::size_t count) const {
    ByteRows rows(count, dimension_, 1);
    rows.scale_ = scale_;
    rows.largest_norm_ = largest_norm_;
    rows.largest_error_ = largest_error_;
    std::ranges::copy(bytes_, rows.own_.begin());
    return rows;
}

void ByteRows::set(std::size_t first, std::span<const float> vectors) {
    const std::size_t count = vectors.size() / dimension_;
    float most_norm = 0, most_error = 0;  // squared
    std::vector<float> values(dimension_);
    for (std::size_t row = 0; row < count; ++row) {
        std::ranges::copy(vectors.subspan(row * dimension_, dimension_), values.begin());
        rotation_.apply(values);
        std::uint8_t* bytes = own_.data() + (first + row) * stride_;
        float norm = 0, error = 0;
        for (std::size_t i = 0; i < dimension_; ++i) {
            const int byte = rounded(values[i], scale_, 127);
            bytes[i] = static_cast<std::uint8_t>(byte + offset);
            const float back = static_cast<float>(byte) / scale_;
            norm += back * back;
            error += (values[i] - back) * (values[i] - back);
        }
        most_norm = std::max(most_norm, norm);
        most_error = std::max(most_error, error);
    }
    // A little more than computed, for the rounding of these very sums.
    largest_norm_ = std::max(largest_norm_, std::sqrt(most_norm) * 1.0001F);
    largest_error_ = std::max(largest_error_, std::sqrt(most_error) * 1.0001F);
}

ByteQuery ByteRows::encode(std::span<const float> query) const {
    ByteQuery encoded;
    encoded.bytes.resize(stride_);
    std::vector<float> values(query.begin(), query.end());
    if (of_codes()) {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] *= steps_[i];
    } else if (rotated_) {
        rotation_.apply(values);
    }
    const auto most = static_cast<float>(largest_query_byte());
    const float largest = largest_of(values);
    encoded.scale = most / (largest > 0 ? largest : 1);
    double norm = 0, error = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        encoded.bytes[i] = static_cast<std::int8_t>(rounded(values[i], encoded.scale, most));
        const double back = static_cast<double>(encoded.bytes[i]) / static_cast<double>(encoded.scale);
        norm += static_cast<double>(values[i]) * values[i];
        error += (values[i] - back) * (values[i] - back);
    }
    encoded.norm = static_cast<float>(std::sqrt(norm));
    encoded.error = static_cast<float>(std::sqrt(error));
    encoded.bias = offset * std::accumulate(encoded.bytes.begin(), encoded.bytes.end(), 0);
    return encoded;
}

void ByteRows::load(std::int32_t id, ByteQuery& query) const {
    query.bytes.resize(stride_);
    const std::uint8_t* bytes = bytes_.data() + static_cast<std::size_t>(id) * stride_;
    const bool halved = largest_query_byte() < 127;
    std::int32_t sum = 0;
    for (std::size_t i = 0; i < stride_; ++i) {
        const int value = bytes[i] - offset;
        query.bytes[i] = static_cast<std::int8_t>(halved ? value / 2 : value);
        sum += query.bytes[i];
    }
    query.bias = offset * sum;
}

void ByteRows::similarities(const ByteQuery& query, std::span<const std::int32_t> ids,
                            std::int32_t* out) const {
    byte_products_at(query.bytes, bytes_.data(), ids, out);
    for (std::size_t i = 0; i < ids.size(); ++i) out[i] -= query.bias;
}

std::size_t ByteRows::rows_above(const ByteQuery& query, std::size_t first, std::size_t count,
                                 std::int64_t least, std::int32_t* found) const {
    using Limits = std::numeric_limits<std::int32_t>;
    const std::int64_t product = std::clamp<std::int64_t>(least, Limits::min(), Limits::max()) + query.bias;
    if (product > Limits::max()) return 0;
    const std::size_t above =
        byte_products_above(query.bytes, bytes_.data() + first * stride_, count,
                            static_cast<std::int32_t>(std::max<std::int64_t>(product, Limits::min())), found);
    for (std::size_t i = 0; i < above; ++i) found[i] += static_cast<std::int32_t>(first);
    return above;
}

std::int64_t ByteRows::least_similarity(const ByteQuery& query, float score) const {
    // fp32 sums of the exact score may be off by as much, and so may the rotations of both sides.
    const double steps =
        2.0 * static_cast<double>(dimension_) + 8.0 * static_cast<double>(std::bit_width(dimension_));
    const double rounding = steps * std::numeric_limits<float>::epsilon() * static_cast<double>(query.norm) *
                            (static_cast<double>(largest_norm_) + static_cast<double>(largest_error_));
    const double most = static_cast<double>(query.error) * static_cast<double>(largest_norm_) +
                        static_cast<double>(query.norm) * static_cast<double>(largest_error_) + rounding;
    return similarity_of(query, static_cast<double>(score) - most);
}

std::int64_t ByteRows::likely_similarity(const ByteQuery& query, float score) const {
    constexpr double deviations = 4;
    const double of_query = static_cast<double>(query.error) * static_cast<double>(largest_norm_);
    const double of_rows = static_cast<double>(query.norm) * static_cast<double>(largest_error_);
    const double deviation = std::hypot(of_query, of_rows) / std::sqrt(static_cast<double>(dimension_));
    return similarity_of(query, static_cast<double>(score) - deviations * deviation);
}

std::int64_t ByteRows::similarity_of(const ByteQuery& query, double score) const {
    constexpr double bound = 9e15;
    const double similarity = score * static_cast<double>(query.scale) * static_cast<double>(scale_);
    if (!(similarity > -bound)) return static_cast<std::int64_t>(-bound);  // NaN too, of a damaged file
    return static_cast<std::int64_t>(std::floor(std::min(similarity, bound)));
}

}  // namespace clipsim
