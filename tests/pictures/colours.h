// Pictures of one colour, and how much of a colour a picture holds.
#pragma once

#include <cstdint>
#include <cstdlib>

#include "clipsim/image/pixels.h"

namespace clipsim::testing {

inline Pixels plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    Pixels pixels{width, height,
                  std::vector<std::uint8_t>(static_cast<std::size_t>(width) * height * 3, blue)};
    for (std::size_t i = 0; i < pixels.rgb.size(); i += 3) {
        pixels.rgb[i] = red;
        pixels.rgb[i + 1] = green;
    }
    return pixels;
}

// Pixels of about this colour.
inline std::size_t count_of(const Pixels& picture, int red, int green, int blue) {
    std::size_t count = 0;
    for (std::size_t i = 0; i + 2 < picture.rgb.size(); i += 3) {
        if (std::abs(picture.rgb[i] - red) < 8 && std::abs(picture.rgb[i + 1] - green) < 8 &&
            std::abs(picture.rgb[i + 2] - blue) < 8) {
            ++count;
        }
    }
    return count;
}

}  // namespace clipsim::testing
