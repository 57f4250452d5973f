// An image, opened: its size is known, its pixels are still to be decoded, all or those that are needed.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "clipsim/core/error.h"
#include "clipsim/image/picture_part.h"
#include "clipsim/image/pixels.h"

namespace clipsim {

// An image that can't be used. The message names the file and the reason.
class ImageError : public UsageError {
  public:
    using UsageError::UsageError;
};

// What a codec knows of an image before it decodes it. Const functions may be called by several threads at
// once.
class EncodedImage {
  public:
    virtual ~EncodedImage() = default;

    // Of the upright picture.
    virtual int width() const = 0;
    virtual int height() const = 0;
    // As ImageSource's.
    virtual PicturePart decode(const PixelRect& part) const = 0;
    virtual Pixels decode_reduced(int min_short_side) const = 0;
    virtual std::span<const std::byte> bytes() const = 0;
};

// May be used by several threads at once.
class ImageSource {
  public:
    // NOLINTNEXTLINE(google-explicit-constructor): pixels that are there already are a source like any other
    ImageSource(Pixels picture);
    explicit ImageSource(std::unique_ptr<const EncodedImage> encoded);

    // Of the upright picture.
    int width() const { return width_; }
    int height() const { return height_; }

    // The pixels of `part`, which must lie within the picture, or more of them; they are those of decode(),
    // and a file that decode() refuses is refused. Only JPEGs take less time for a part. Throws ImageError.
    PicturePart decode(const PixelRect& part) const;
    Pixels decode() const;
    // A JPEG at 1/2, 1/4 or 1/8 size, as long as its short side stays at or above this.
    Pixels decode_reduced(int min_short_side) const;
    // What it is decoded from, whole; empty where it was pixels from the start.
    std::span<const std::byte> bytes() const;

  private:
    int width_ = 0, height_ = 0;
    Pixels picture_;                               // either this
    std::unique_ptr<const EncodedImage> encoded_;  // or that
};

}  // namespace clipsim
