// What an image file's first bytes say: its format and size, without decoding anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace clipsim {

enum class ImageFormat { jpeg, png, webp, bmp, tiff, gif };

struct ImageHeader {
    ImageFormat format = ImageFormat::jpeg;
    std::uint64_t width = 0;
    std::uint64_t height = 0;
};

// Nothing when the bytes begin none of our formats or end before the size.
std::optional<ImageHeader> read_image_header(std::span<const std::byte> bytes);

}  // namespace clipsim
