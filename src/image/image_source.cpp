#include "clipsim/image/image_source.h"

#include <utility>

namespace clipsim {

ImageSource::ImageSource(Pixels picture)
    : width_(picture.width), height_(picture.height), picture_(std::move(picture)) {}
ImageSource::ImageSource(std::unique_ptr<const EncodedImage> encoded)
    : width_(encoded->width()), height_(encoded->height()), encoded_(std::move(encoded)) {}

PicturePart ImageSource::decode(const PixelRect& part) const {
    if (!encoded_) return picture_;
    return encoded_->decode(part);
}

Pixels ImageSource::decode() const {
    return decode({0, 0, width_, height_}).pixels;
}

Pixels ImageSource::decode_reduced(int min_short_side) const {
    if (!encoded_) return picture_;
    return encoded_->decode_reduced(min_short_side);
}

std::span<const std::byte> ImageSource::bytes() const {
    return encoded_ ? encoded_->bytes() : std::span<const std::byte>{};
}

}  // namespace clipsim
