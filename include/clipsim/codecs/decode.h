// Image files to pixels: EXIF orientation applied, grey, CMYK, 16-bit and palette turned into 8-bit RGB,
// alpha over white, the first frame of an animation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
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

struct DecodeOptions {
    std::uint64_t max_pixels = 178'956'970;  // checked against the header, before any decoding
    // When set, a JPEG may be decoded at 1/2, 1/4 or 1/8 size as long as its short side stays at or above
    // this.
    int min_short_side = 0;
};

// Throws ImageError. Thread-safe.
Pixels decode_image(const std::filesystem::path& file, const DecodeOptions& options = {});
Pixels decode_image(std::span<const std::byte> bytes, const std::filesystem::path& name,
                    const DecodeOptions& options);

// Decodes what `wanted` asks for, or more: the pixels are those of decode_image at full size, and a file that
// it refuses is refused. Only JPEGs take less time for a part. Throws ImageError, and what `wanted` throws.
PicturePart decode_part(const std::filesystem::path& file, const DecodeOptions& options,
                        const PartChooser& wanted);
PicturePart decode_part(std::span<const std::byte> bytes, const std::filesystem::path& name,
                        const DecodeOptions& options, const PartChooser& wanted);

}  // namespace clipsim
