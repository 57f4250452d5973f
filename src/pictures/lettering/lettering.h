// Text as pixels, in whatever script it is written. The one function lies in a library of its own that
// `drawing.cpp` loads when the first letter is drawn: Pango, its fonts and what they need are no part of the
// start of a search.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clipsim {

struct TextStyle {
    double size = 13;          // pixels: the font's, from one line to the next some 1.2 times as much
    std::uint32_t colour = 0;  // 0xRRGGBB; emoji keep their own
    int max_width = 0;         // pixels; 0: no limit. What is longer is cut in its middle
    int max_lines = 1;         // more: broken at blanks, the last line cut at its end
    bool centred = false;      // the lines within max_width
};

struct RenderedText {
    int width = 0, height = 0;
    int baseline = 0;                   // of the first line, in rows from the top
    std::vector<std::uint32_t> pixels;  // [height, width], 0xAARRGGBB, colours multiplied by alpha
};

// `text` is UTF-8; line breaks in it count as blanks, bytes that are no UTF-8 are drawn as U+FFFD.
// Thread-safe.
using RenderText = RenderedText(const std::string& text, const TextStyle& style);

}  // namespace clipsim

extern "C" clipsim::RenderText clipsim_render_text;
