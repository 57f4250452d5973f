// Random unit vectors, and exact search among them to compare with.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <random>
#include <span>
#include <vector>

namespace clipsim::testing {

// [count, dimension], each row of length 1.
inline std::vector<float> unit_vectors(std::size_t count, std::size_t dimension, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> rows(count * dimension);
    for (std::size_t row = 0; row < count; ++row) {
        const std::span<float> values = std::span(rows).subspan(row * dimension, dimension);
        for (float& value : values) value = normal(random);
        const float length =
            std::sqrt(std::inner_product(values.begin(), values.end(), values.begin(), 0.0f));
        for (float& value : values) value /= length;
    }
    return rows;
}

// Row numbers by falling inner product.
inline std::vector<std::int64_t> exact_order(std::span<const float> rows, std::span<const float> query) {
    const std::size_t count = rows.size() / query.size();
    std::vector<float> scores(count);
    for (std::size_t row = 0; row < count; ++row) {
        scores[row] = std::inner_product(
            query.begin(), query.end(), rows.begin() + static_cast<std::ptrdiff_t>(row * query.size()), 0.0f);
    }
    std::vector<std::int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, [&](auto a, auto b) { return scores[a] > scores[b]; });
    return order;
}

}  // namespace clipsim::testing
