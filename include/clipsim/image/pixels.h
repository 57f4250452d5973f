// Pixels in memory: 8-bit RGB, interleaved, rows without padding.
#pragma once

#include <cstdint>
#include <vector>

namespace clipsim {

struct Pixels {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;  // [height, width, 3]
};

}  // namespace clipsim
