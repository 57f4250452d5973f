// Drawing helpers over OpenCV, shared by contact sheets and charts. Colours are RGB, like Pixels.
#pragma once

#include <opencv2/core.hpp>
#include <string>
#include <vector>

#include "clipsim/image/pixels.h"

namespace clipsim {

using Colour = cv::Scalar;

inline const Colour ink(40, 44, 52);
inline const Colour faint_ink(130, 136, 146);
inline const Colour line_grey(226, 229, 234);
inline const Colour paper(255, 255, 255);
inline const Colour accent(38, 110, 217);

// A canvas that shares the picture's memory.
cv::Mat canvas_of(Pixels& picture);
Pixels blank_picture(int width, int height);

// Text with its baseline's left end at (x, y). OpenCV's fonts have ASCII alone: anything else becomes '?'.
void draw_text(cv::Mat& canvas, const std::string& text, int x, int y, double scale, const Colour& colour);
int text_width(const std::string& text, double scale);
// Cut in the middle with "..." until it fits.
std::string fitted_text(const std::string& text, int width, double scale);
// Broken at blanks into at most the given number of lines; what is longer is cut with "...".
std::vector<std::string> wrapped_text(const std::string& text, int width, double scale, int lines);

}  // namespace clipsim
