#include "rows/byte_rows.h"

#include <gtest/gtest.h>

#include <numeric>

#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

constexpr int dimension = 100;  // no multiple of a cache line

TEST(ByteRows, SimilaritiesFollowInnerProducts) {
    const std::vector<float> rows = unit_vectors(200, dimension), queries = unit_vectors(1, dimension, 9);
    const ByteRows bytes(rows, dimension);
    EXPECT_EQ(bytes.size(), 200U);
    EXPECT_EQ(bytes.stride(), 128U);
    std::vector<std::int32_t> ids(200), similarities(200);
    std::iota(ids.begin(), ids.end(), 0);
    bytes.similarities(bytes.encode(queries), ids, similarities.data());
    // Of any two rows whose products differ by more than rounding explains, the order is right.
    std::vector<double> products(200);
    for (std::size_t i = 0; i < 200; ++i) {
        const auto row = rows.begin() + static_cast<std::ptrdiff_t>(i * dimension);
        products[i] = std::inner_product(queries.begin(), queries.end(), row, 0.0);
    }
    for (std::size_t i = 0; i < 200; ++i) {
        for (std::size_t j = 0; j < 200; ++j) {
            if (products[i] > products[j] + 0.02) {
                EXPECT_GT(similarities[i], similarities[j]);
            }
        }
    }
}

TEST(ByteRows, ARowAsAQueryIsNearestToItself) {
    const std::vector<float> rows = unit_vectors(50, dimension);
    const ByteRows bytes(rows, dimension);
    std::vector<std::int32_t> ids(50), similarities(50);
    std::iota(ids.begin(), ids.end(), 0);
    ByteQuery query;
    for (std::int32_t row = 0; row < 50; ++row) {
        bytes.load(row, query);
        bytes.similarities(query, ids, similarities.data());
        EXPECT_EQ(std::ranges::max_element(similarities) - similarities.begin(), row);
    }
}

// Embeddings are like this: a few dimensions hold most of a vector.
TEST(ByteRows, ALargeValueInAFewDimensionsLeavesTheOthersTheirPrecision) {
    std::vector<float> rows = unit_vectors(200, dimension);
    for (std::size_t row = 0; row < 200; ++row) rows[row * dimension] = 3;
    const ByteRows bytes(rows, dimension);
    std::vector<float> query = unit_vectors(1, dimension, 9);
    query[0] = 0.1F;
    std::vector<std::int32_t> ids(200), similarities(200);
    std::iota(ids.begin(), ids.end(), 0);
    bytes.similarities(bytes.encode(query), ids, similarities.data());
    double worst = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        const auto row = rows.begin() + static_cast<std::ptrdiff_t>(i * dimension);
        const double exact = std::inner_product(query.begin(), query.end(), row, 0.0);
        const double near = similarities[i] / static_cast<double>(bytes.encode(query).scale * bytes.scale());
        worst = std::max(worst, std::abs(exact - near));
    }
    EXPECT_LT(worst, 0.02) << "3 / 127 steps in each of 100 dimensions would give 0.03 and more";
}

TEST(ByteRows, RowsThatAnEarlierVersionRoundedWithoutRotationServe) {
    const std::vector<std::uint8_t> stored = [] {
        std::vector<std::uint8_t> bytes(2 * 64, 128);
        bytes[0] = 128 + 127;       // (1, 0, 0)
        bytes[64 + 1] = 128 + 127;  // (0, 1, 0)
        return bytes;
    }();
    const ByteRows bytes = ByteRows::over(stored, 3, 127, 1, 0, false);
    std::vector<std::int32_t> similarities(2);
    const ByteQuery query = bytes.encode(std::vector<float>{0.6F, 0.8F, 0});
    bytes.similarities(query, std::vector<std::int32_t>{0, 1}, similarities.data());
    EXPECT_NEAR(similarities[0] / (query.scale * bytes.scale()), 0.6F, 0.01F);
    EXPECT_NEAR(similarities[1] / (query.scale * bytes.scale()), 0.8F, 0.01F);
}

TEST(ByteRows, RowsOfZerosAreFine) {
    const ByteRows bytes(std::vector<float>(dimension * 2), dimension);
    std::vector<std::int32_t> similarities(2);
    bytes.similarities(bytes.encode(std::vector<float>(dimension)), std::vector<std::int32_t>{0, 1},
                       similarities.data());
    EXPECT_EQ(similarities, (std::vector<std::int32_t>{0, 0}));
}

}  // namespace
}  // namespace clipsim::testing
