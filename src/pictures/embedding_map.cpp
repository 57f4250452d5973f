#include "clipsim/pictures/embedding_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iomanip>
#include <map>
#include <opencv2/imgproc.hpp>

#include "clipsim/core/text.h"
#include "drawing.h"

namespace clipsim {

namespace {

constexpr int panel_side = 560;
constexpr int gap = 28;
constexpr int title_height = 52;
constexpr int legend_width = 190;
constexpr int legend_line = 20;

// How the photos of one class look: colours go round the circle, marks change from one to the next, so that
// neighbours in colour differ in mark.
struct Style {
    Colour colour;
    int mark = 0;
};

Style style_of(std::size_t position, std::size_t count) {
    const double hue =
        180.0 * static_cast<double>(position) / static_cast<double>(std::max<std::size_t>(1, count));
    const cv::Mat hsv(1, 1, CV_8UC3, cv::Scalar(hue, 200, position % 2 == 0 ? 215 : 150));
    cv::Mat rgb;
    cv::cvtColor(hsv, rgb, cv::COLOR_HSV2RGB);
    const auto pixel = rgb.at<cv::Vec3b>(0, 0);
    return {Colour(pixel[0], pixel[1], pixel[2]), static_cast<int>(position % 4)};
}

void draw_mark(cv::Mat& canvas, const cv::Point& at, const Style& style) {
    constexpr int r = 4;
    switch (style.mark) {
        case 0:
            cv::circle(canvas, at, r, style.colour, cv::FILLED, cv::LINE_AA);
            break;
        case 1:
            cv::rectangle(canvas, {at.x - r + 1, at.y - r + 1, 2 * r - 1, 2 * r - 1}, style.colour,
                          cv::FILLED);
            break;
        case 2: {
            const std::array<cv::Point, 3> corners{cv::Point(at.x - r, at.y + r - 1),
                                                   cv::Point(at.x + r, at.y + r - 1),
                                                   cv::Point(at.x, at.y - r)};
            cv::fillConvexPoly(canvas, corners.data(), static_cast<int>(corners.size()), style.colour,
                               cv::LINE_AA);
            break;
        }
        default:
            cv::drawMarker(canvas, at, style.colour, cv::MARKER_TILTED_CROSS, 2 * r, 2, cv::LINE_AA);
    }
}

// The classes that occur, each with its style.
std::map<int, Style> styles_of(std::span<const int> labels) {
    std::map<int, Style> styles;
    for (const int label : labels) styles[label];
    std::size_t position = 0;
    for (auto& [label, style] : styles) style = style_of(position++, styles.size());
    return styles;
}

// [N, 2], and the share of the variance that each of the two axes holds.
struct Plane {
    cv::Mat points;
    std::array<double, 2> share{};
};

Plane main_plane(const EmbeddingPanel& panel, std::size_t count) {
    // OpenCV only reads it.
    const cv::Mat rows(static_cast<int>(count), static_cast<int>(panel.dimension), CV_32F,
                       const_cast<float*>(panel.vectors.data()));
    const cv::PCA pca(rows, cv::noArray(), cv::PCA::DATA_AS_ROW);
    Plane plane{cv::Mat::zeros(rows.rows, 2, CV_32F), {}};
    const double total = cv::sum(pca.eigenvalues)[0];
    const int axes = std::min(2, pca.eigenvectors.rows);
    for (int axis = 0; axis < axes; ++axis) {
        for (int i = 0; i < rows.rows; ++i) {
            plane.points.at<float>(i, axis) =
                static_cast<float>((rows.row(i) - pca.mean).dot(pca.eigenvectors.row(axis)));
        }
        if (total > 0) plane.share[static_cast<std::size_t>(axis)] = pca.eigenvalues.at<float>(axis) / total;
    }
    return plane;
}

void draw_panel(cv::Mat& canvas, const EmbeddingPanel& panel, std::span<const int> labels,
                const std::map<int, Style>& styles, const cv::Rect& area) {
    const Plane plane = main_plane(panel, labels.size());
    draw_text(canvas, panel.title, area.x, area.y - 24, 16, ink);
    const std::string note = concat("two main axes: ", std::fixed, std::setprecision(0), 100 * plane.share[0],
                                    "% and ", 100 * plane.share[1], "% of the variance");
    draw_text(canvas, note, area.x, area.y - 6, 12, faint_ink);
    cv::rectangle(canvas, area, line_grey, 1);
    // One scale for both axes, so that distances can be compared.
    double reach = 1e-6;
    for (const float value : cv::Mat_<float>(plane.points))
        reach = std::max(reach, std::abs(static_cast<double>(value)));
    const double scale = (std::min(area.width, area.height) / 2.0 - 10) / reach;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const int row = static_cast<int>(i);
        const cv::Point at(
            area.x + area.width / 2 + static_cast<int>(std::lround(plane.points.at<float>(row, 0) * scale)),
            area.y + area.height / 2 - static_cast<int>(std::lround(plane.points.at<float>(row, 1) * scale)));
        draw_mark(canvas, at, styles.at(labels[i]));
    }
}

void draw_legend(cv::Mat& canvas, const std::map<int, Style>& styles, std::span<const std::string> classes,
                 int x) {
    const auto lines = static_cast<std::size_t>((panel_side - 10) / legend_line);
    std::size_t line = 0;
    for (const auto& [label, style] : styles) {
        const int y = title_height + 10 + static_cast<int>(line) * legend_line;
        if (++line == lines && styles.size() > lines) {
            draw_text(canvas, concat("and ", styles.size() - lines + 1, " more"), x, y + 4, 12, faint_ink);
            break;
        }
        draw_mark(canvas, {x + 6, y}, style);
        draw_text(canvas, classes[static_cast<std::size_t>(label)], x + 18, y + 4, 12, ink,
                  legend_width - 20);
    }
}

}  // namespace

Pixels draw_embedding_map(std::span<const EmbeddingPanel> panels, std::span<const int> labels,
                          std::span<const std::string> classes) {
    const int width = gap + static_cast<int>(panels.size()) * (panel_side + gap) + legend_width;
    Pixels picture = blank_picture(width, title_height + panel_side + gap);
    if (labels.empty()) return picture;
    cv::Mat canvas = canvas_of(picture);
    const std::map<int, Style> styles = styles_of(labels);
    int x = gap;
    for (const EmbeddingPanel& panel : panels) {
        draw_panel(canvas, panel, labels, styles, {x, title_height, panel_side, panel_side});
        x += panel_side + gap;
    }
    draw_legend(canvas, styles, classes, x);
    return picture;
}

}  // namespace clipsim
