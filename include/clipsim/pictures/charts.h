// Lines in a chart with axes and a legend, for curves.png.
#pragma once

#include <string>
#include <vector>

#include "clipsim/image/pixels.h"

namespace clipsim {

struct ChartSeries {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
};
struct Chart {
    std::string title;
    std::string x_label;
    std::vector<ChartSeries> series;
    std::vector<double> markers;  // vertical lines, e.g. where a stage begins
};
Pixels draw_charts(const std::vector<Chart>& charts);  // side by side

}  // namespace clipsim
