#include "clipsim/pictures/charts.h"

#include <gtest/gtest.h>

#include <cmath>

#include "colours.h"

namespace clipsim {
namespace {

using testing::count_of;

TEST(Charts, ALineIsDrawnForEachSeries) {
    const ChartSeries falling{"loss", {1, 2, 3, 4}, {0.9, 0.5, 0.3, 0.2}},
        rising{"recall", {1, 2, 3, 4}, {0.1, 0.2, 0.5, 0.9}};
    const Pixels both = draw_charts({{"loss", "epoch", {falling, rising}, {2.5}}});
    const Pixels one = draw_charts({{"loss", "epoch", {falling}, {}}});
    EXPECT_GT(count_of(both, 38, 110, 217), 300U);
    EXPECT_GT(count_of(both, 222, 99, 32), 300U);
    EXPECT_EQ(count_of(one, 222, 99, 32), 0U);
    EXPECT_EQ(draw_charts({{"a", "x", {falling}, {}}, {"b", "x", {rising}, {}}}).width, 2 * one.width);
}

TEST(Charts, OddValuesAreDrawnAllTheSame) {
    const ChartSeries single{"one", {1}, {0.5}}, flat{"flat", {1, 2, 3}, {1, 1, 1}}, none{"none", {}, {}},
        broken{"nan", {1, 2, 3}, {NAN, INFINITY, 2}}, huge{"huge", {0, 1e6}, {-1e30, 1e30}},
        tiny{"tiny", {1, 2}, {1e-12, 2e-12}}, far{"far", {1e20}, {1e30}};
    for (const ChartSeries& series : {single, flat, none, broken, huge, tiny, far}) {
        EXPECT_GT(draw_charts({{series.name, "epoch", {series}, {-5, 2, NAN}}}).width, 0) << series.name;
    }
    EXPECT_GT(draw_charts({}).width, 0);
}

}  // namespace
}  // namespace clipsim
