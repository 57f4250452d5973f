// GIF by giflib: the first frame on its canvas, transparent pixels white. A frame that reaches beyond widens
// the canvas, as with Pillow.
#include <gif_lib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

struct Source {
    std::span<const std::byte> rest;
};

int read_bytes(GifFileType* gif, GifByteType* target, int count) {
    auto* source = static_cast<Source*>(gif->UserData);
    const std::size_t taken = std::min(source->rest.size(), static_cast<std::size_t>(count));
    std::copy_n(reinterpret_cast<const GifByteType*>(source->rest.data()), taken, target);
    source->rest = source->rest.subspan(taken);
    return static_cast<int>(taken);
}

struct CloseGif {
    void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};

// The lines of an interlaced picture come in four passes (GIF89a, appendix E).
std::vector<int> line_order(int height, bool interlaced) {
    std::vector<int> order;
    if (!interlaced) {
        for (int y = 0; y < height; ++y) order.push_back(y);
        return order;
    }
    constexpr int starts[] = {0, 4, 2, 1};
    constexpr int steps[] = {8, 8, 4, 2};
    for (int pass = 0; pass < 4; ++pass) {
        for (int y = starts[pass]; y < height; y += steps[pass]) order.push_back(y);
    }
    return order;
}

// Reads records up to the first image; returns the index of the transparent colour, or none.
int find_first_image(GifFileType* gif) {
    int transparent = NO_TRANSPARENT_COLOR;
    GifRecordType record = UNDEFINED_RECORD_TYPE;
    while (DGifGetRecordType(gif, &record) == GIF_OK || gif->Error == D_GIF_ERR_WRONG_RECORD) {
        if (record == UNDEFINED_RECORD_TYPE) {  // a stray byte, which is passed over
            gif->Error = D_GIF_SUCCEEDED;
            continue;
        }
        if (record == IMAGE_DESC_RECORD_TYPE) return transparent;
        if (record == TERMINATE_RECORD_TYPE) break;
        int code = 0;
        GifByteType* block = nullptr;
        int status = DGifGetExtension(gif, &code, &block);
        while (status == GIF_OK && block != nullptr) {
            GraphicsControlBlock control{};
            if (code == GRAPHICS_EXT_FUNC_CODE &&
                DGifExtensionToGCB(block[0], block + 1, &control) == GIF_OK) {
                transparent = control.TransparentColor;
            }
            status = DGifGetExtensionNext(gif, &block);
        }
        if (status != GIF_OK) break;
    }
    throw ImageError("a GIF without a picture");
}

// A file up to the pixels of its first frame.
struct OpenGif {
    explicit OpenGif(std::span<const std::byte> bytes) : source{bytes} {
        gif.reset(DGifOpen(&source, read_bytes, nullptr));
        if (!gif) throw ImageError("not a readable GIF");
        transparent = find_first_image(gif.get());
        if (DGifGetImageDesc(gif.get()) == GIF_ERROR) throw ImageError("the GIF is damaged");
        const GifImageDesc& frame = gif->Image;  // of 16-bit numbers, none negative
        if (frame.Width < 1 || frame.Height < 1) throw ImageError("a GIF without a picture");
        header.width = static_cast<std::uint64_t>(std::max(gif->SWidth, frame.Left + frame.Width));
        header.height = static_cast<std::uint64_t>(std::max(gif->SHeight, frame.Top + frame.Height));
    }

    Source source;
    std::unique_ptr<GifFileType, CloseGif> gif;
    int transparent = NO_TRANSPARENT_COLOR;
    ImageHeader header;
};

// Without a table, an index is a grey.
GifColorType colour_of(const ColorMapObject* colours, GifPixelType index) {
    return colours != nullptr ? colours->Colors[index] : GifColorType{index, index, index};
}

}  // namespace

ImageHeader read_gif_header(std::span<const std::byte> bytes) {
    return OpenGif(bytes).header;
}

Pixels decode_gif(std::span<const std::byte> bytes, const ImageHeader& header) {
    const OpenGif open(bytes);
    GifFileType* gif = open.gif.get();
    const GifImageDesc& frame = gif->Image;
    const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
    const int known = colours != nullptr ? colours->ColorCount : 256;
    Pixels canvas = make_pixels(header.width, header.height);
    std::ranges::fill(canvas.rgb, std::uint8_t{255});
    std::vector<GifPixelType> line(static_cast<std::size_t>(frame.Width));
    for (const int y : line_order(frame.Height, frame.Interlace)) {
        if (DGifGetLine(gif, line.data(), frame.Width) == GIF_ERROR)
            throw ImageError("the GIF is truncated or damaged");
        std::uint8_t* target =
            canvas.rgb.data() + (static_cast<std::size_t>(frame.Top + y) * canvas.width + frame.Left) * 3;
        for (const GifPixelType index : line) {
            if (index != open.transparent && index < known) {
                const GifColorType colour = colour_of(colours, index);
                target[0] = colour.Red;
                target[1] = colour.Green;
                target[2] = colour.Blue;
            }
            target += 3;
        }
    }
    return canvas;
}

}  // namespace clipsim
