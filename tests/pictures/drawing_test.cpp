#include "drawing.h"

#include <gtest/gtest.h>

#include "colours.h"

namespace clipsim {
namespace {

using testing::count_of;

Pixels drawn(const std::string& text, int max_width = 0) {
    Pixels picture = blank_picture(600, 40);
    cv::Mat canvas = canvas_of(picture);
    draw_text(canvas, text, 10, 28, 16, ink, max_width);
    return picture;
}

// The last column that is not white; -1 for an empty picture.
int last_column(const Pixels& picture) {
    int last = -1;
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            if (picture.rgb[(static_cast<std::size_t>(y) * picture.width + x) * 3] < 200)
                last = std::max(last, x);
        }
    }
    return last;
}

TEST(Drawing, LettersBeyondAsciiAreNoQuestionMarks) {
    for (const char* word : {"caf\u00E9", "\u03B1\u03B2\u03B3", "\u0441\u043E\u0431\u0430\u043A\u0430"}) {
        const std::string marks(std::string(word).size() / 2, '?');
        EXPECT_NE(drawn(word).rgb, drawn(marks).rgb) << word;
        EXPECT_GT(count_of(drawn(word), 40, 44, 52), 20U) << word;
    }
    EXPECT_NE(drawn("\u0431").rgb, drawn("\u0434").rgb) << "two letters look unlike";
}

TEST(Drawing, LongTextIsShortenedInItsMiddle) {
    const std::string name = "first" + std::string(80, 'x') + "last.jpg";
    const Pixels cut = drawn(name, 200);
    EXPECT_LE(last_column(cut), 210);
    EXPECT_GT(last_column(cut), 170);
    EXPECT_NE(cut.rgb, drawn("first" + std::string(80, 'x') + "else.png", 200).rgb) << "its end is shown";
    EXPECT_NE(cut.rgb, drawn("other" + std::string(80, 'x') + "last.jpg", 200).rgb) << "and its beginning";
}

TEST(Drawing, TextBeyondTheCanvasAndBytesThatAreNoTextAreDrawnAllTheSame) {
    Pixels picture = blank_picture(30, 20);
    cv::Mat canvas = canvas_of(picture);
    draw_text(canvas, "much wider than the picture", -20, 3, 16, ink);
    draw_text(canvas, "outside", 100, 100, 16, ink);
    draw_text(canvas, "", 5, 15, 16, ink);
    draw_text(canvas, "\xFF\xFE\n\t\x01", 5, 15, 16, ink);
    draw_text_in(canvas, std::string(1000, 'w'), {2, 2, 20, 10}, 13, ink);
    EXPECT_GT(count_of(picture, 255, 255, 255), 0U);
}

TEST(Drawing, TextIsAlignedWhereItIsAskedFor) {
    Pixels before = blank_picture(200, 40), around = blank_picture(200, 40);
    cv::Mat first = canvas_of(before), second = canvas_of(around);
    draw_text_before(first, "12", 100, 28, 16, ink);
    EXPECT_NEAR(last_column(before), 99, 2);
    draw_text_around(second, "mmmm", 100, 28, 16, ink);
    EXPECT_NEAR(last_column(around), 100 + (last_column(drawn("mmmm")) - 10) / 2, 2);
}

}  // namespace
}  // namespace clipsim
