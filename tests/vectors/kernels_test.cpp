#include "rows/kernels.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <random>
#include <vector>

#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

// Every set of instructions that this CPU has, one after the other.
class KernelsOfEachTarget : public ::testing::TestWithParam<std::int64_t> {
  protected:
    void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
    void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// Rows of a storage and what they say, [9, dimension].
struct Rows {
    std::vector<std::uint8_t> bytes;
    std::vector<float> values;
};

Rows rows_of(Storage storage, std::size_t dimension) {
    Rows rows{{}, unit_vectors(9, dimension)};
    if (storage == Storage::fp32) {
        rows.bytes.resize(rows.values.size() * 4);
        std::memcpy(rows.bytes.data(), rows.values.data(), rows.bytes.size());
    } else if (storage == Storage::fp16) {
        std::vector<std::uint16_t> halves(rows.values.size());
        to_half(rows.values, halves.data());
        rows.bytes.resize(halves.size() * 2);
        std::memcpy(rows.bytes.data(), halves.data(), rows.bytes.size());
        from_half(rows.bytes.data(), rows.values);
    } else {
        std::mt19937 random(3);
        rows.bytes.resize(rows.values.size());
        for (auto& byte : rows.bytes) byte = static_cast<std::uint8_t>(random() % 256);
        std::ranges::copy(rows.bytes, rows.values.begin());
    }
    return rows;
}

TEST_P(KernelsOfEachTarget, InnerProductsOfAnyStorageAndLengthAreRight) {
    for (const Storage storage : {Storage::fp32, Storage::fp16, Storage::int8}) {
        for (const std::size_t dimension : {1, 3, 4, 7, 15, 16, 17, 31, 63, 64, 65, 100, 128, 512, 769}) {
            Rows rows = rows_of(storage, dimension);
            rows.bytes.insert(rows.bytes.begin(), 1, 0);  // no row at an even address
            const std::vector<float> query = unit_vectors(1, dimension, 5);
            const RowMemory memory{rows.bytes.data() + 1, dimension, storage};
            std::vector<float> all(9), last(2), some(3);
            inner_products(query, memory, 0, all);
            inner_products(query, memory, 7, last);
            inner_products_at(query, memory, std::vector<std::int32_t>{8, 0, 4}, some.data());
            for (std::size_t row = 0; row < 9; ++row) {
                const auto first = rows.values.begin() + static_cast<std::ptrdiff_t>(row * dimension);
                const double expected = std::inner_product(query.begin(), query.end(), first, 0.0);
                EXPECT_NEAR(all[row], expected, storage == Storage::int8 ? 1e-3 : 1e-5)
                    << static_cast<int>(storage) << ' ' << dimension << ' ' << row;
            }
            // To the last bit, whatever stands beside it.
            EXPECT_EQ(some, (std::vector<float>{all[8], all[0], all[4]}));
            EXPECT_EQ(last, (std::vector<float>{all[7], all[8]}));
        }
    }
}

TEST_P(KernelsOfEachTarget, HalvesAreTheNearestAndComeBack) {
    for (const float value : {0.0F, 1.0F, -0.5F, 0.333251953125F, 65504.0F, 6.103515625e-05F}) {
        const std::vector<float> values(19, value);
        std::vector<std::uint16_t> halves(19);
        std::vector<float> back(19);
        to_half(values, halves.data());
        from_half(reinterpret_cast<const std::uint8_t*>(halves.data()), back);
        EXPECT_EQ(back, values) << value;
    }
}

TEST_P(KernelsOfEachTarget, ProductsOfBytesAreExactAlsoAtTheExtremes) {
    std::mt19937 random(3);
    const int most = largest_query_byte();
    for (const std::size_t stride : {64UL, 128UL, 192UL, 1024UL}) {
        std::vector<std::uint8_t> rows(stride * 6);
        std::vector<std::int8_t> query(stride);
        for (auto& value : rows) value = static_cast<std::uint8_t>(random() % 256);
        for (auto& value : query)
            value = static_cast<std::int8_t>(static_cast<int>(random() % (2 * most + 1)) - most);
        std::fill_n(rows.begin(), stride, std::uint8_t{255});
        if (stride == 192) std::ranges::fill(query, static_cast<std::int8_t>(-most));
        if (stride == 1024) std::ranges::fill(query, static_cast<std::int8_t>(most));
        const std::vector<std::int32_t> ids{5, 0, 3, 1, 4, 2};
        std::vector<std::int32_t> out(ids.size());
        byte_products_at(query, rows.data(), ids, out.data());
        for (std::size_t i = 0; i < ids.size(); ++i) {
            std::int32_t expected = 0;
            for (std::size_t j = 0; j < stride; ++j)
                expected += query[j] * rows[static_cast<std::size_t>(ids[i]) * stride + j];
            EXPECT_EQ(out[i], expected) << stride << ' ' << ids[i];
        }
        for (const std::size_t count : {6UL, 5UL, 1UL}) {
            for (const std::int32_t least : out) {
                std::vector<std::int32_t> expected, found(count);
                for (std::int32_t row = 0; row < static_cast<std::int32_t>(count); ++row) {
                    if (out[static_cast<std::size_t>(std::ranges::find(ids, row) - ids.begin())] >= least)
                        expected.push_back(row);
                }
                found.resize(byte_products_above(query, rows.data(), count, least, found.data()));
                EXPECT_EQ(found, expected) << stride;
            }
        }
    }
}

TEST_P(KernelsOfEachTarget, NothingIsFineToo) {
    const std::vector<float> query{1, 0};
    inner_products(query, {nullptr, 2, Storage::fp32}, 0, {});
    inner_products_at(query, {nullptr, 2, Storage::fp32}, {}, nullptr);
    EXPECT_EQ(byte_products_above(std::vector<std::int8_t>(64), nullptr, 0, 0, nullptr), 0U);
}

// Those that kernels.cpp is compiled for (HWY_TARGETS) and this machine can run.
std::vector<std::int64_t> targets_at_hand() {
    std::vector<std::int64_t> targets;
    for (std::int64_t target = 1; target > 0 && target <= HWY_TARGETS; target *= 2) {
        if ((target & HWY_TARGETS & hwy::SupportedTargets()) != 0) targets.push_back(target);
    }
    return targets;
}

std::string name_of_target(const ::testing::TestParamInfo<std::int64_t>& target) {
    return hwy::TargetName(target.param);
}

INSTANTIATE_TEST_SUITE_P(All, KernelsOfEachTarget, ::testing::ValuesIn(targets_at_hand()), name_of_target);

TEST(Kernels, NameWhatTheyChose) {
    EXPECT_FALSE(std::string(vector_instructions()).empty());
}

}  // namespace
}  // namespace clipsim::testing
