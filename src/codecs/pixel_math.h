// What several decoders do to pixels, with Pillow's roundings.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "clipsim/image/pixels.h"

namespace clipsim {

inline Pixels make_pixels(std::uint64_t width, std::uint64_t height) {
    Pixels pixels{static_cast<int>(width), static_cast<int>(height), {}};
    pixels.rgb.resize(static_cast<std::size_t>(width) * height * 3);
    return pixels;
}

// a * b / 255, rounded (Pillow's MULDIV255).
inline std::uint32_t multiply_255(std::uint32_t a, std::uint32_t b) {
    const std::uint32_t product = a * b + 128;
    return ((product >> 8) + product) >> 8;
}

// One pixel with straight alpha over white.
inline void lay_over_white(const std::uint8_t* rgba, std::uint8_t* rgb) {
    for (int channel = 0; channel < 3; ++channel) {
        rgb[channel] =
            static_cast<std::uint8_t>((rgba[channel] * rgba[3] + 255 * (255 - rgba[3]) + 127) / 255);
    }
}

// [..., 4] with straight alpha over white.
inline void lay_over_white(const std::uint8_t* rgba, Pixels& target) {
    for (std::size_t i = 0; i < target.rgb.size(); i += 3, rgba += 4)
        lay_over_white(rgba, target.rgb.data() + i);
}

// One pixel whose colours are multiplied by alpha already: what is missing to 255 is white.
inline void lay_multiplied_over_white(const std::uint8_t* rgba, std::uint8_t* rgb) {
    for (int channel = 0; channel < 3; ++channel)
        rgb[channel] = static_cast<std::uint8_t>(std::min(255, rgba[channel] + 255 - rgba[3]));
}

// Ink to light: 0 is no ink (Pillow's cmyk2rgb in Convert.c).
inline void cmyk_to_rgb(const std::uint8_t* cmyk, std::uint8_t* rgb) {
    const std::uint32_t light = 255U - cmyk[3];
    for (int channel = 0; channel < 3; ++channel) {
        rgb[channel] = static_cast<std::uint8_t>(light - multiply_255(cmyk[channel], light));
    }
}

}  // namespace clipsim
