#include "rows/rotation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

TEST(Rotation, LeavesInnerProductsAsTheyAre) {
    for (const std::size_t dimension : {1U, 2U, 3U, 16U, 100U, 128U, 768U}) {
        std::vector<float> rows = unit_vectors(2, static_cast<int>(dimension));
        const std::span<float> a = std::span(rows).first(dimension), b = std::span(rows).last(dimension);
        const float before = std::inner_product(a.begin(), a.end(), b.begin(), 0.0F);
        const Rotation rotation(dimension);
        rotation.apply(a);
        rotation.apply(b);
        EXPECT_NEAR(std::inner_product(a.begin(), a.end(), b.begin(), 0.0F), before, 1e-5) << dimension;
        EXPECT_NEAR(std::inner_product(a.begin(), a.end(), a.begin(), 0.0F), 1, 1e-5) << dimension;
    }
}

TEST(Rotation, SpreadsWhatOneDimensionHas) {
    for (const std::size_t dimension : {64U, 512U, 768U}) {
        const Rotation rotation(dimension);
        for (const std::size_t axis : {std::size_t{0}, dimension / 2, dimension - 1}) {
            std::vector<float> vector(dimension);
            vector[axis] = 1;
            rotation.apply(vector);
            const float largest =
                std::abs(*std::ranges::max_element(vector, {}, [](float value) { return std::abs(value); }));
            EXPECT_LE(largest, 2.0F / std::sqrt(static_cast<float>(dimension) / 2))
                << dimension << ' ' << axis;
        }
    }
}

TEST(Rotation, OfNoDimensionsDoesNothing) {
    std::vector<float> nothing;
    Rotation(0).apply(nothing);
    EXPECT_TRUE(nothing.empty());
}

}  // namespace
}  // namespace clipsim::testing
