#include "clipsim/vectors/row_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace clipsim::testing {
namespace {

std::vector<std::int64_t> allowed_rows(const RowFilter& filter, std::size_t first, std::size_t last) {
    std::vector<std::int64_t> rows;
    filter.for_each_allowed(first, last, [&](std::int64_t row) { rows.push_back(row); });
    return rows;
}

TEST(RowFilter, CountsWhatItAllowsHoweverOftenARowIsNamed) {
    RowFilter filter(70, true);
    EXPECT_EQ(filter.allowed(), 70U);
    filter.forbid(69);
    filter.forbid(69);
    filter.allow(3);
    EXPECT_EQ(filter.allowed(), 69U);
    EXPECT_FALSE(filter.allows(69));
    filter.allow(69);
    EXPECT_EQ(filter.allowed(), 70U);
    EXPECT_DOUBLE_EQ(RowFilter(0, true).selectivity(), 1.0);
}

TEST(RowFilter, VisitsTheAllowedRowsOfARangeInOrder) {
    std::mt19937 random(1);
    for (const std::size_t rows : {1U, 63U, 64U, 65U, 200U}) {
        RowFilter filter(rows, false);
        std::set<std::int64_t> model;
        for (std::size_t i = 0; i < rows / 2 + 1; ++i) {
            const auto row = static_cast<std::int64_t>(random() % rows);
            filter.allow(row);
            model.insert(row);
        }
        for (std::size_t first = 0; first <= rows; first += 7) {
            for (std::size_t last = first; last <= rows; last += 5) {
                const std::vector<std::int64_t> expected(model.lower_bound(static_cast<std::int64_t>(first)),
                                                         model.lower_bound(static_cast<std::int64_t>(last)));
                EXPECT_EQ(allowed_rows(filter, first, last), expected) << first << " to " << last;
            }
            if (first < rows) {
                const auto row = static_cast<std::int64_t>(first);
                EXPECT_EQ(filter.allowed_before(row), allowed_rows(filter, 0, first).size()) << first;
            }
        }
    }
    EXPECT_EQ(allowed_rows(RowFilter(65, true), 0, 65).size(), 65U);
}

}  // namespace
}  // namespace clipsim::testing
