// Drawing helpers over OpenCV, shared by contact sheets and charts. Colours are RGB, like Pixels; sizes of
// text are pixels.
#pragma once

#include <opencv2/core.hpp>
#include <string>

#include "clipsim/image/pixels.h"

namespace clipsim {

using Colour = cv::Scalar;

inline const Colour ink(40, 44, 52);
inline const Colour faint_ink(110, 116, 128);
inline const Colour line_grey(226, 229, 234);
inline const Colour paper(255, 255, 255);
inline const Colour accent(38, 110, 217);

// A canvas that shares the picture's memory.
cv::Mat canvas_of(Pixels& picture);
Pixels blank_picture(int width, int height);

// Text (UTF-8, any script that a font of the system has) with its baseline's left end at (x, y); what is
// wider than max_width (0: any width) is shortened in its middle.
void draw_text(cv::Mat& canvas, const std::string& text, int x, int y, double size, const Colour& colour,
               int max_width = 0);
// The same with its right end at x.
void draw_text_before(cv::Mat& canvas, const std::string& text, int x, int y, double size,
                      const Colour& colour);
void draw_text_around(cv::Mat& canvas, const std::string& text, int x, int y, double size,
                      const Colour& colour);
// In lines in the middle of the cell, broken at blanks; what does not fit ends in "…".
void draw_text_in(cv::Mat& canvas, const std::string& text, const cv::Rect& cell, double size,
                  const Colour& colour);

}  // namespace clipsim
