#include "clipsim/pictures/charts.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <opencv2/imgproc.hpp>

#include "clipsim/core/text.h"
#include "drawing.h"

namespace clipsim {

namespace {

constexpr int chart_width = 460;
constexpr int chart_height = 340;
constexpr int legend_line = 18;

const std::array<Colour, 5> palette{Colour(38, 110, 217), Colour(222, 99, 32), Colour(34, 150, 84),
                                    Colour(148, 62, 190), Colour(190, 150, 20)};

struct Range {
    double low = 0, high = 1;
    double step = 0.2;
};

// Half a range for values that are all the same.
double padding(double value) {
    return std::max(0.5, std::abs(value) * 0.1);
}

// A range of round numbers around the values, with about five steps.
Range round_range(double low, double high) {
    if (!(high > low)) {
        low -= padding(low);
        high += padding(high);
    }
    const double rough = (high - low) / 5;
    const double magnitude = std::pow(10.0, std::floor(std::log10(rough)));
    const double leading = rough / magnitude;
    const double step = magnitude * (leading <= 1 ? 1 : leading <= 2 ? 2 : leading <= 5 ? 5 : 10);
    return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
}

std::string tick_text(double value) {
    TextStream out;
    out.precision(3);
    out << (std::abs(value) < 1e-9 ? 0.0 : value);
    return out.str();
}

struct Axes {
    Range x, y;
    cv::Rect area;  // of the plot

    cv::Point at(double px, double py) const {
        return {area.x + static_cast<int>(std::lround((px - x.low) / (x.high - x.low) * area.width)),
                area.y + area.height -
                    static_cast<int>(std::lround((py - y.low) / (y.high - y.low) * area.height))};
    }
};

Axes axes_of(const Chart& chart, const cv::Rect& area) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    double x_low = infinity, x_high = -infinity, y_low = infinity, y_high = -infinity;
    for (const ChartSeries& series : chart.series) {
        for (const double x : series.x) {
            if (!std::isfinite(x)) continue;
            x_low = std::min(x_low, x);
            x_high = std::max(x_high, x);
        }
        for (const double y : series.y) {
            if (!std::isfinite(y)) continue;
            y_low = std::min(y_low, y);
            y_high = std::max(y_high, y);
        }
    }
    if (!std::isfinite(x_low) || !std::isfinite(y_low)) x_low = y_low = 0, x_high = y_high = 1;
    Axes axes{round_range(x_low, x_high), round_range(y_low, y_high), area};
    axes.x.low = x_low - (x_high > x_low ? 0 : padding(x_low));
    axes.x.high = x_high + (x_high > x_low ? 0 : padding(x_high));
    axes.x.step = std::max(1.0, std::round(axes.x.step));
    return axes;
}

// Steps from low to high, the last one included where rounding put it just beyond.
int ticks_in(double low, double high, double step) {
    constexpr double most = 100;
    const double count = std::floor((high - low) / step + 0.01);
    return count > 0 ? static_cast<int>(std::min(most, count)) : 0;
}

void draw_grid(cv::Mat& canvas, const Axes& axes, const Chart& chart) {
    constexpr double size = 11;
    for (int i = 0; i <= ticks_in(axes.y.low, axes.y.high, axes.y.step); ++i) {
        const double y = axes.y.low + i * axes.y.step;
        const cv::Point left = axes.at(axes.x.low, y);
        cv::line(canvas, left, {axes.area.x + axes.area.width, left.y}, line_grey, 1);
        draw_text_before(canvas, tick_text(y), left.x - 8, left.y + 4, size, faint_ink);
    }
    const double first = std::ceil(axes.x.low);
    for (int i = 0; i <= ticks_in(first, axes.x.high, axes.x.step); ++i) {
        const double x = first + i * axes.x.step;
        const cv::Point bottom = axes.at(x, axes.y.low);
        draw_text_around(canvas, tick_text(x), bottom.x, bottom.y + 18, size, faint_ink);
    }
    for (const double marker : chart.markers) {
        if (!(marker >= axes.x.low && marker <= axes.x.high)) continue;  // NaN too
        const int x = axes.at(marker, axes.y.low).x;
        for (int y = axes.area.y; y < axes.area.y + axes.area.height; y += 8) {
            cv::line(canvas, {x, y}, {x, std::min(y + 4, axes.area.y + axes.area.height)}, faint_ink, 1);
        }
    }
    draw_text_before(canvas, chart.x_label, axes.area.x + axes.area.width,
                     axes.area.y + axes.area.height + 34, size, faint_ink);
}

void draw_series(cv::Mat& canvas, const Axes& axes, const ChartSeries& series, const Colour& colour) {
    std::vector<cv::Point> points;
    for (std::size_t i = 0; i < std::min(series.x.size(), series.y.size()); ++i) {
        const bool drawn = std::isfinite(series.x[i]) && std::isfinite(series.y[i]);
        if (drawn) points.push_back(axes.at(series.x[i], series.y[i]));
    }
    cv::polylines(canvas, points, false, colour, 2, cv::LINE_AA);
    for (const cv::Point& point : points) cv::circle(canvas, point, 3, colour, cv::FILLED, cv::LINE_AA);
}

void draw_chart(cv::Mat canvas, const Chart& chart, int legend_lines) {
    draw_text(canvas, chart.title, 58, 30, 15, ink);
    const int top = 46 + legend_lines * legend_line;
    const Axes axes = axes_of(chart, {58, top, chart_width - 58 - 24, chart_height - top - 48});
    draw_grid(canvas, axes, chart);
    for (std::size_t i = 0; i < chart.series.size(); ++i) {
        const Colour& colour = palette[i % palette.size()];
        const int y = 52 + static_cast<int>(i) * legend_line;
        cv::line(canvas, {58, y - 4}, {76, y - 4}, colour, 2, cv::LINE_AA);
        draw_text(canvas, chart.series[i].name, 84, y, 12, ink);
        draw_series(canvas, axes, chart.series[i], colour);
    }
}

}  // namespace

Pixels draw_charts(const std::vector<Chart>& charts) {
    std::size_t legend_lines = 1;
    for (const Chart& chart : charts) legend_lines = std::max(legend_lines, chart.series.size());
    Pixels picture = blank_picture(chart_width * std::max(1, static_cast<int>(charts.size())), chart_height);
    const cv::Mat canvas = canvas_of(picture);
    for (std::size_t i = 0; i < charts.size(); ++i) {
        draw_chart(canvas(cv::Rect(static_cast<int>(i) * chart_width, 0, chart_width, chart_height)),
                   charts[i], static_cast<int>(legend_lines));
    }
    return picture;
}

}  // namespace clipsim
