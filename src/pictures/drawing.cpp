#include "drawing.h"

#include <algorithm>
#include <cmath>

#include "clipsim/core/shared_library.h"
#include "lettering/lettering.h"

namespace clipsim {

namespace {

RenderedText rendered(const std::string& text, const Colour& colour, TextStyle style) {
    static RenderText* const render = SharedLibrary("libclipsim_lettering.so").find("clipsim_render_text");
    for (const int channel : {0, 1, 2})
        style.colour = style.colour << 8 | static_cast<std::uint32_t>(std::lround(colour[channel]));
    return render(text, style);
}

// The text's left upper corner at (x, y); what lies beyond the canvas is left out.
void blend(cv::Mat& canvas, const RenderedText& text, int x, int y) {
    const cv::Rect shown = cv::Rect(x, y, text.width, text.height) & cv::Rect({0, 0}, canvas.size());
    for (int row = shown.y; row < shown.y + shown.height; ++row) {
        const std::uint32_t* source = text.pixels.data() + static_cast<std::ptrdiff_t>(row - y) * text.width;
        for (int column = shown.x; column < shown.x + shown.width; ++column) {
            const std::uint32_t pixel = source[column - x];
            auto& under = canvas.at<cv::Vec3b>(row, column);
            const std::uint32_t uncovered = 255 - (pixel >> 24);
            for (int channel = 0; channel < 3; ++channel) {
                const std::uint32_t over = pixel >> (16 - 8 * channel) & 0xFFU;
                under[channel] = static_cast<std::uint8_t>(
                    std::min(255U, over + (under[channel] * uncovered + 127) / 255));
            }
        }
    }
}

}  // namespace

cv::Mat canvas_of(Pixels& picture) {
    return {picture.height, picture.width, CV_8UC3, picture.rgb.data()};
}

Pixels blank_picture(int width, int height) {
    Pixels picture{width, height, {}};
    picture.rgb.assign(static_cast<std::size_t>(width) * height * 3, 255);
    return picture;
}

void draw_text(cv::Mat& canvas, const std::string& text, int x, int y, double size, const Colour& colour,
               int max_width) {
    const RenderedText drawn = rendered(text, colour, {.size = size, .max_width = max_width});
    blend(canvas, drawn, x, y - drawn.baseline);
}

void draw_text_before(cv::Mat& canvas, const std::string& text, int x, int y, double size,
                      const Colour& colour) {
    const RenderedText drawn = rendered(text, colour, {.size = size});
    blend(canvas, drawn, x - drawn.width, y - drawn.baseline);
}

void draw_text_around(cv::Mat& canvas, const std::string& text, int x, int y, double size,
                      const Colour& colour) {
    const RenderedText drawn = rendered(text, colour, {.size = size});
    blend(canvas, drawn, x - drawn.width / 2, y - drawn.baseline);
}

void draw_text_in(cv::Mat& canvas, const std::string& text, const cv::Rect& cell, double size,
                  const Colour& colour) {
    const int lines = std::max(1, static_cast<int>(cell.height / (1.3 * size)));
    const RenderedText drawn =
        rendered(text, colour, {.size = size, .max_width = cell.width, .max_lines = lines, .centred = true});
    blend(canvas, drawn, cell.x, cell.y + (cell.height - drawn.height) / 2);
}

}  // namespace clipsim
