// An image of any format: its header, a part of it, the whole, and the whole reduced.
#include <cstddef>
#include <cstdint>
#include <span>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/log.h"

extern "C" int LLVMFuzzerInitialize(int* /*count*/, char*** /*arguments*/) {
    clipsim::set_log_level(clipsim::LogLevel::off);  // of pictures that are cut off
    return 0;
}

// What these leave behind of some damaged pictures is not ours to mend. LeakSanitizer asks.
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libdav1d\nleak:libaom\nleak:libde265\nleak:libheif\nleak:libjxl\nleak:libopenjp2\nleak:"
           "libraw\n";
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace clipsim;
    try {
        constexpr std::uint64_t max_pixels = 1 << 20;
        const ImageSource source = open_image(std::as_bytes(std::span(data, size)), "image", max_pixels);
        const int width = source.width(), height = source.height();
        const PixelRect wanted{width / 3, height / 3, (width + 2) / 3, (height + 2) / 3};
        const PicturePart part = source.decode(wanted);
        const bool held = part.x <= wanted.x && part.y <= wanted.y &&
                          part.x + part.pixels.width >= wanted.x + wanted.width &&
                          part.y + part.pixels.height >= wanted.y + wanted.height;
        const Pixels whole = source.decode();
        const bool complete =
            whole.width == width && whole.height == height &&
            whole.rgb.size() == static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * 3;
        if (!held || !complete || part.whole_width != width || part.whole_height != height) __builtin_trap();
        source.decode_reduced(8);
    } catch (const ImageError&) {
    }
    return 0;
}
