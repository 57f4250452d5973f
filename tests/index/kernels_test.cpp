#include "kernels.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <numeric>
#include <random>
#include <vector>

#include "index/unit_vectors.h"

namespace clipsim::testing {
namespace {

// Every set of instructions that this CPU has, one after the other.
class KernelsOfEachTarget : public ::testing::TestWithParam<std::uint32_t> {
  protected:
    void SetUp() override {
        if ((hwy::SupportedTargets() & GetParam()) == 0) GTEST_SKIP() << "not on this CPU";
        hwy::SetSupportedTargetsForTest(GetParam());
    }
    void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

TEST_P(KernelsOfEachTarget, InnerProductsOfAnyLengthAreRight) {
    for (const int dimension : {1, 3, 4, 7, 16, 31, 63, 64, 65, 128, 512, 769}) {
        const std::vector<float> rows = unit_vectors(9, dimension), query = unit_vectors(1, dimension, 5);
        const auto width = static_cast<std::size_t>(dimension);
        std::vector<float> all(9), some(3);
        inner_products(query, rows.data(), all);
        inner_products_at(query, rows.data(), std::vector<std::int32_t>{8, 0, 4}, some.data());
        for (std::size_t row = 0; row < 9; ++row) {
            const auto first = rows.begin() + static_cast<std::ptrdiff_t>(row * width);
            const double expected = std::inner_product(query.begin(), query.end(), first, 0.0);
            EXPECT_NEAR(all[row], expected, 1e-5) << dimension << ' ' << row;
        }
        EXPECT_EQ(some, (std::vector<float>{all[8], all[0], all[4]}));
    }
}

TEST_P(KernelsOfEachTarget, ProductsOfBytesAreExactAlsoAtTheExtremes) {
    std::mt19937 random(3);
    for (const std::size_t stride : {64UL, 128UL, 192UL, 1024UL}) {
        std::vector<std::uint8_t> rows(stride * 6);
        std::vector<std::int8_t> query(stride);
        for (auto& value : rows) value = static_cast<std::uint8_t>(random() % 256);
        for (auto& value : query) value = static_cast<std::int8_t>(static_cast<int>(random() % 256) - 128);
        std::fill_n(rows.begin(), stride, std::uint8_t{255});
        if (stride == 192) std::ranges::fill(query, std::int8_t{-128});
        const std::vector<std::int32_t> ids{5, 0, 3, 1, 4, 2};
        std::vector<std::int32_t> out(ids.size());
        byte_products_at(query, rows.data(), ids, out.data());
        for (std::size_t i = 0; i < ids.size(); ++i) {
            std::int32_t expected = 0;
            for (std::size_t j = 0; j < stride; ++j)
                expected += query[j] * rows[static_cast<std::size_t>(ids[i]) * stride + j];
            EXPECT_EQ(out[i], expected) << stride << ' ' << ids[i];
        }
    }
}

TEST_P(KernelsOfEachTarget, NothingIsFineToo) {
    const std::vector<float> query{1, 0};
    inner_products(query, nullptr, {});
    inner_products_at(query, nullptr, {}, nullptr);
}

INSTANTIATE_TEST_SUITE_P(All, KernelsOfEachTarget,
                         ::testing::Values(std::uint32_t{HWY_SSSE3}, std::uint32_t{HWY_SSE4},
                                           std::uint32_t{HWY_AVX2}, std::uint32_t{HWY_AVX3},
                                           std::uint32_t{HWY_AVX3_DL}, std::uint32_t{HWY_NEON}));

TEST(Kernels, NameWhatTheyChose) {
    EXPECT_FALSE(std::string(vector_instructions()).empty());
}

}  // namespace
}  // namespace clipsim::testing
