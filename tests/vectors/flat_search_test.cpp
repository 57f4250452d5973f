#include "search/flat_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>

#include "vectors/unit_vectors.h"

namespace clipsim::testing {
namespace {

struct Case {
    std::vector<float> vectors;
    std::size_t dimension;
    StoredRows rows() const {
        return {{reinterpret_cast<const std::uint8_t*>(vectors.data()), dimension, Storage::fp32},
                vectors.size() / dimension};
    }
};

// What scoring each row by itself and sorting gives.
std::vector<ScoredRow> sorted(const StoredRows& rows, std::span<const float> query, std::size_t k,
                              const RowFilter* filter = nullptr) {
    std::vector<ScoredRow> all;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        if (filter != nullptr && !filter->allows(static_cast<std::int64_t>(row))) continue;
        float score = 0;
        rows.scores(rows.prepare(query), row, std::span(&score, 1));
        all.push_back({score, static_cast<std::int64_t>(row)});
    }
    std::ranges::sort(all, comes_before);
    all.resize(std::min(k, all.size()));
    return all;
}

void expect_equal(const std::vector<ScoredRow>& found, const std::vector<ScoredRow>& expected) {
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].row, expected[i].row) << i;
        EXPECT_EQ(found[i].score, expected[i].score) << i;
    }
}

// Rows that rounding to bytes can't tell apart, equal rows, rows of very different length.
Case hard_case(std::size_t count, std::size_t dimension) {
    Case hard{unit_vectors(count, dimension), dimension};
    std::mt19937 random(7);
    std::uniform_real_distribution<float> tiny(-1e-5F, 1e-5F);
    const auto row = [&](std::size_t i) { return std::span(hard.vectors).subspan(i * dimension, dimension); };
    for (std::size_t i = 0; i + 3 < count; i += 4) {
        std::ranges::copy(row(0), row(i).begin());
        std::ranges::copy(row(0), row(i + 1).begin());
        for (float& value : row(i + 1)) value += tiny(random);
        if (i % 3 == 0) {
            for (float& value : row(i + 2)) value *= 3;
        }
    }
    return hard;
}

TEST(FlatSearch, BytesNeverChangeTheResult) {
    for (const std::size_t dimension : {1, 5, 64, 100, 128}) {
        const Case hard = hard_case(1500, dimension);
        const FlatSearch with_bytes(hard.rows(), ByteRows(hard.vectors, dimension));
        const FlatSearch without(hard.rows(), ByteRows{});
        std::vector<float> queries = unit_vectors(12, dimension, 3);
        std::copy_n(hard.vectors.begin(), dimension, queries.begin());
        for (std::size_t q = 0; q < 12; ++q) {
            const std::span<const float> query = std::span(queries).subspan(q * dimension, dimension);
            for (const std::size_t k : {1UL, 10UL, 700UL, 2000UL}) {
                const std::vector<ScoredRow> expected = sorted(hard.rows(), query, k);
                expect_equal(with_bytes.nearest(query, k), expected);
                expect_equal(without.nearest(query, k), expected);
            }
        }
    }
}

TEST(FlatSearch, AMatrixOfQueriesGivesWhatEachGivesOnAnyNumberOfThreads) {
    constexpr std::size_t dimension = 32;
    const Case hard = hard_case(1100, dimension);
    const FlatSearch search(hard.rows(), ByteRows(hard.vectors, dimension));
    const std::vector<float> queries = unit_vectors(70, dimension, 3);
    for (const std::size_t count : {1UL, 3UL, 70UL}) {
        for (const int threads : {1, 2, 5}) {
            std::vector<std::vector<ScoredRow>> found(count);
            search.nearest_of_each(std::span(queries).first(count * dimension), dimension, 10,
                                   ThreadPool(threads), nullptr,
                                   [&](std::size_t q, std::span<const ScoredRow> rows) {
                                       found[q].assign(rows.begin(), rows.end());
                                   });
            for (std::size_t q = 0; q < count; ++q) {
                const auto query = std::span(queries).subspan(q * dimension, dimension);
                expect_equal(found[q], sorted(hard.rows(), query, 10));
            }
        }
    }
}

std::ptrdiff_t threads_of_this_process() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
}

TEST(FlatSearch, ASingleQueryTakesTheThreadsThatItIsGivenAndNoMore) {
    constexpr std::size_t dimension = 64;
    const Case many{unit_vectors(300'000, dimension), dimension};
    const FlatSearch search(many.rows(), ByteRows{});
    const std::vector<float> query = unit_vectors(1, dimension, 3);
    const std::vector<ScoredRow> expected = sorted(many.rows(), query, 10);
    // All stay until the end, lest one that ends is counted while the next begins.
    const std::vector<ThreadPool> pools{ThreadPool(1), ThreadPool(2), ThreadPool(5)};
    for (const ThreadPool& pool : pools) {
        const std::ptrdiff_t before = threads_of_this_process();
        expect_equal(search.nearest(query, 10, nullptr, pool), expected);
        EXPECT_EQ(threads_of_this_process() - before, static_cast<std::ptrdiff_t>(pool.size()) - 1);
    }
}

TEST(FlatSearch, AFilterHoldsWhateverItsShare) {
    constexpr std::size_t dimension = 24;
    const Case hard = hard_case(1000, dimension);
    const FlatSearch search(hard.rows(), ByteRows(hard.vectors, dimension));
    const std::vector<float> query = unit_vectors(1, dimension, 3);
    for (const int step : {1, 2, 3, 50, 400}) {
        RowFilter filter(1000, false);
        for (std::int64_t row = 0; row < 1000; row += step) filter.allow(row);
        expect_equal(search.nearest(query, 10, &filter), sorted(hard.rows(), query, 10, &filter));
    }
    const RowFilter none(1000, false);
    EXPECT_TRUE(search.nearest(query, 10, &none).empty());
}

}  // namespace
}  // namespace clipsim::testing
