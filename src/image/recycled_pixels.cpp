#include "clipsim/image/recycled_pixels.h"

#include <utility>

namespace clipsim {

namespace {

// One buffer a thread, so that nothing is shared. A very large one is not worth holding on to.
constexpr std::size_t largest_kept = std::size_t{64} << 20;
thread_local std::vector<std::uint8_t> spare;

}  // namespace

void recycle(Pixels&& picture) {
    if (picture.rgb.capacity() > spare.capacity() && picture.rgb.capacity() <= largest_kept)
        spare = std::move(picture.rgb);
    picture = {};
}

Pixels recycled_pixels(int width, int height) {
    Pixels pixels{width, height, std::exchange(spare, {})};
    pixels.rgb.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3);
    return pixels;
}

}  // namespace clipsim
