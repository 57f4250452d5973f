// An image, opened: its size is known, its pixels are still to be decoded, all or those that are needed.
// EXIF orientation is applied; grey, CMYK, 16-bit and palette become 8-bit RGB, alpha is laid over white, an
// animation is its first frame.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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

// May be used by several threads at once.
class ImageSource {
  public:
    // NOLINTNEXTLINE(google-explicit-constructor): pixels that are there already are a source like any other
    ImageSource(Pixels picture);
    ~ImageSource();
    ImageSource(ImageSource&&) noexcept;
    ImageSource& operator=(ImageSource&&) noexcept;

    // Of the upright picture.
    int width() const { return width_; }
    int height() const { return height_; }

    // The pixels of `part`, which must lie within the picture, or more of them; they are those of decode(),
    // and a file that decode() refuses is refused. Only JPEGs take less time for a part. Throws ImageError.
    PicturePart decode(const PixelRect& part) const;
    Pixels decode() const;
    // A JPEG at 1/2, 1/4 or 1/8 size, as long as its short side stays at or above this.
    Pixels decode_reduced(int min_short_side) const;

  private:
    struct File;
    friend ImageSource open_image(std::span<const std::byte>, const std::filesystem::path&, std::uint64_t);
    friend ImageSource open_image(const std::filesystem::path&, std::uint64_t);
    explicit ImageSource(std::unique_ptr<const File> file);

    int width_ = 0, height_ = 0;
    Pixels picture_;                    // either this
    std::unique_ptr<const File> file_;  // or that
};

constexpr std::uint64_t default_max_pixels = 178'956'970;

// Read the header, and refuse an image of more pixels than `max_pixels`. Throw ImageError.
ImageSource open_image(const std::filesystem::path& file, std::uint64_t max_pixels = default_max_pixels);
// The bytes must outlive the source; `name` is for messages.
ImageSource open_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                       std::uint64_t max_pixels = default_max_pixels);

}  // namespace clipsim
