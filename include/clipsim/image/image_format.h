// What a file is, by its first bytes: a photo's name may lie or say nothing.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace clipsim {

enum class ImageFormat { jpeg, png, webp, bmp, tiff, gif, heif, jpeg_xl, jpeg_2000, raw, pnm };

// So many bytes of a file, or all of a smaller one, tell its format.
constexpr std::size_t image_format_bytes = 256;

// The format that a file begins as, nothing where it is none of those we know. HEIC and AVIF are heif; raw is
// a camera's file that is no TIFF: many are (NEF, ARW, DNG) and count as tiff here. Never throws.
std::optional<ImageFormat> image_format(std::span<const std::byte> start);

}  // namespace clipsim
