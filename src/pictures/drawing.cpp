#include "drawing.h"

#include <opencv2/imgproc.hpp>
#include <sstream>

namespace clipsim {

namespace {

constexpr int font = cv::FONT_HERSHEY_SIMPLEX;

// One '?' for each character (not byte) that the font lacks.
std::string ascii(const std::string& text) {
    std::string result;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            result += c;
        } else if ((byte & 0xC0U) != 0x80U) {
            result += '?';
        }
    }
    return result;
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

void draw_text(cv::Mat& canvas, const std::string& text, int x, int y, double scale, const Colour& colour) {
    cv::putText(canvas, ascii(text), {x, y}, font, scale, colour, 1, cv::LINE_AA);
}

int text_width(const std::string& text, double scale) {
    int baseline = 0;
    return cv::getTextSize(ascii(text), font, scale, 1, &baseline).width;
}

std::string fitted_text(const std::string& text, int width, double scale) {
    std::string whole = ascii(text);
    if (text_width(whole, scale) <= width) return whole;
    for (std::size_t kept = whole.size(); kept > 2; --kept) {
        const std::size_t head = kept / 2, tail = kept - head;
        std::string cut = whole.substr(0, head) + "..." + whole.substr(whole.size() - tail);
        if (text_width(cut, scale) <= width) return cut;
    }
    return "...";
}

std::vector<std::string> wrapped_text(const std::string& text, int width, double scale, int lines) {
    std::vector<std::string> result;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        const std::string longer = result.empty() ? word : result.back() + ' ' + word;
        if (!result.empty() && text_width(longer, scale) <= width) {
            result.back() = longer;
        } else if (static_cast<int>(result.size()) < lines) {
            result.push_back(word);
        } else {
            result.back() += " ...";
            break;
        }
    }
    for (std::string& line : result) line = fitted_text(line, width, scale);
    return result;
}

}  // namespace clipsim
