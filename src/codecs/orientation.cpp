#include "orientation.h"

#include <algorithm>
#include <utility>

namespace clipsim {

namespace {

PixelRect transposed(const PixelRect& rect) {
    return {rect.y, rect.x, rect.height, rect.width};
}

}  // namespace

Orientation::Orientation(int exif) {
    if (exif < 2 || exif > 8) return;
    turned_ = exif >= 5;
    from_right_ = exif == 2 || exif == 3 || exif == 7 || exif == 8;
    from_bottom_ = exif == 3 || exif == 4 || exif == 6 || exif == 7;
}

PixelRect Orientation::mirrored(const PixelRect& stored, int width, int height) const {
    PixelRect rect = stored;
    if (from_right_) rect.x = width - stored.x - stored.width;
    if (from_bottom_) rect.y = height - stored.y - stored.height;
    return rect;
}

PixelRect Orientation::stored_rect(const PixelRect& upright, int width, int height) const {
    return mirrored(turned_ ? transposed(upright) : upright, width, height);
}

PicturePart Orientation::turn_upright(PicturePart stored) const {
    if (upright()) return stored;
    const Pixels& from = stored.pixels;
    PixelRect place =
        mirrored({stored.x, stored.y, from.width, from.height}, stored.whole_width, stored.whole_height);
    if (turned_) {
        place = transposed(place);
        std::swap(stored.whole_width, stored.whole_height);
    }
    Pixels upright{place.width, place.height, {}};
    upright.rgb.resize(from.rgb.size());
    std::uint8_t* target = upright.rgb.data();
    for (int y = 0; y < upright.height; ++y) {
        for (int x = 0; x < upright.width; ++x, target += 3) {
            const int across = turned_ ? y : x, down = turned_ ? x : y;
            const int column = from_right_ ? from.width - 1 - across : across;
            const int row = from_bottom_ ? from.height - 1 - down : down;
            std::copy_n(from.rgb.data() + (static_cast<std::size_t>(row) * from.width + column) * 3, 3,
                        target);
        }
    }
    return {std::move(upright), place.x, place.y, stored.whole_width, stored.whole_height};
}

}  // namespace clipsim
