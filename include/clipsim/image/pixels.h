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

// Hands the memory of a picture that is done with to the next one that this thread decodes: where picture
// follows picture, as in the loader, fresh memory would cost the system a page at a time.
void recycle(Pixels&& picture);

}  // namespace clipsim
