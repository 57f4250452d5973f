#include "clipsim/pictures/contact_sheet.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "drawing.h"

namespace clipsim {

namespace {

constexpr int thumbnail = 192;
constexpr int gap = 20;
constexpr int margin = 28;
constexpr int caption_line = 19;
constexpr double caption_size = 13;

// Five, or more where there are many: a sheet of a hundred hits is a page, no strip.
int hits_per_line(const std::vector<SheetRow>& rows) {
    std::size_t most = 0;
    for (const SheetRow& row : rows) most = std::max(most, row.hits.size());
    return std::max(5, static_cast<int>(std::ceil(std::sqrt(1.4 * static_cast<double>(most)))));
}

int caption_lines(const std::vector<SheetRow>& rows) {
    std::size_t lines = 1;
    for (const SheetRow& row : rows) {
        lines = std::max(lines, row.query.caption.size());
        for (const SheetTile& hit : row.hits) lines = std::max(lines, hit.caption.size());
    }
    return static_cast<int>(lines);
}

void draw_picture(cv::Mat& canvas, const Pixels& picture, const cv::Rect& cell) {
    if (picture.rgb.empty()) {
        cv::rectangle(canvas, cell, line_grey, cv::FILLED);
        draw_text_in(canvas, "not readable", cell, caption_size, faint_ink);
        return;
    }
    // OpenCV only reads it.
    const cv::Mat source(picture.height, picture.width, CV_8UC3,
                         const_cast<std::uint8_t*>(picture.rgb.data()));
    const double scale = std::min({static_cast<double>(cell.width) / picture.width,
                                   static_cast<double>(cell.height) / picture.height, 4.0});
    const int width = std::max(1, static_cast<int>(picture.width * scale));
    const int height = std::max(1, static_cast<int>(picture.height * scale));
    cv::Mat target = canvas(
        cv::Rect(cell.x + (cell.width - width) / 2, cell.y + (cell.height - height) / 2, width, height));
    cv::resize(source, target, target.size(), 0, 0, scale < 1 ? cv::INTER_AREA : cv::INTER_CUBIC);
}

void draw_tile(cv::Mat& canvas, const SheetTile& tile, int x, int y, bool is_query) {
    const cv::Rect cell(x, y, thumbnail, thumbnail);
    if (tile.words.empty()) {
        draw_picture(canvas, tile.picture, cell);
    } else {
        constexpr int inset = 8;
        draw_text_in(canvas, tile.words,
                     {cell.x + inset, cell.y + inset, cell.width - 2 * inset, cell.height - 2 * inset}, 17,
                     ink);
    }
    const cv::Rect frame(x - 4, y - 4, thumbnail + 8, thumbnail + 8);
    cv::rectangle(canvas, frame, is_query ? accent : line_grey, is_query ? 3 : 1, cv::LINE_AA);
    for (std::size_t i = 0; i < tile.caption.size(); ++i) {
        const int baseline = y + thumbnail + 24 + static_cast<int>(i) * caption_line;
        draw_text(canvas, tile.caption[i], x, baseline, caption_size, i == 0 ? ink : faint_ink,
                  thumbnail + 4);
    }
}

}  // namespace

Pixels draw_contact_sheet(const std::vector<SheetRow>& rows) {
    const int wrap = hits_per_line(rows);
    const int line_height = thumbnail + 24 + caption_lines(rows) * caption_line + 10;
    int most_hits = 0, lines = 0;
    for (const SheetRow& row : rows) {
        const int hits = static_cast<int>(row.hits.size());
        most_hits = std::max(most_hits, std::min(hits, wrap));
        lines += std::max(1, (hits + wrap - 1) / wrap);
    }
    const int columns = 1 + most_hits;
    Pixels sheet = blank_picture(2 * margin + columns * thumbnail + (columns - 1) * gap + gap,
                                 2 * margin + std::max(1, lines) * line_height);
    cv::Mat canvas = canvas_of(sheet);
    int y = margin;
    for (const SheetRow& row : rows) {
        draw_tile(canvas, row.query, margin, y, true);
        for (std::size_t i = 0; i < row.hits.size(); ++i) {
            const int column = static_cast<int>(i) % wrap;
            const int x = margin + thumbnail + 2 * gap + column * (thumbnail + gap);
            draw_tile(canvas, row.hits[i], x, y + static_cast<int>(i) / wrap * line_height, false);
        }
        const int used = std::max(1, (static_cast<int>(row.hits.size()) + wrap - 1) / wrap);
        y += used * line_height;
    }
    return sheet;
}

}  // namespace clipsim
