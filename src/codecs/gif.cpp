// GIF by giflib: the first frame on its canvas, transparent pixels white.
#include <gif_lib.h>

#include <algorithm>
#include <memory>

#include "clipsim/codecs/open_image.h"
#include "codecs.h"

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
    while (DGifGetRecordType(gif, &record) == GIF_OK) {
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

Pixels decode_first_frame(GifFileType* gif) {
    const int transparent = find_first_image(gif);
    if (DGifGetImageDesc(gif) == GIF_ERROR) throw ImageError("the GIF is damaged");
    const GifImageDesc& frame = gif->Image;
    const ColorMapObject* colours = frame.ColorMap != nullptr ? frame.ColorMap : gif->SColorMap;
    if (colours == nullptr) throw ImageError("a GIF without a colour table");
    if (frame.Left < 0 || frame.Top < 0 || frame.Width < 1 || frame.Height < 1 ||
        frame.Left + frame.Width > gif->SWidth || frame.Top + frame.Height > gif->SHeight) {
        throw ImageError("a GIF whose first frame lies outside its canvas");
    }
    Pixels canvas{gif->SWidth, gif->SHeight, {}};
    canvas.rgb.assign(static_cast<std::size_t>(canvas.width) * canvas.height * 3, 255);
    std::vector<GifPixelType> line(static_cast<std::size_t>(frame.Width));
    for (const int y : line_order(frame.Height, frame.Interlace)) {
        if (DGifGetLine(gif, line.data(), frame.Width) == GIF_ERROR)
            throw ImageError("the GIF is truncated or damaged");
        std::uint8_t* target =
            canvas.rgb.data() + (static_cast<std::size_t>(frame.Top + y) * canvas.width + frame.Left) * 3;
        for (const GifPixelType index : line) {
            if (index != transparent && index < colours->ColorCount) {
                const GifColorType& colour = colours->Colors[index];
                target[0] = colour.Red;
                target[1] = colour.Green;
                target[2] = colour.Blue;
            }
            target += 3;
        }
    }
    return canvas;
}

}  // namespace

Pixels decode_gif(std::span<const std::byte> bytes) {
    Source source{bytes};
    int error = 0;
    const std::unique_ptr<GifFileType, CloseGif> gif(DGifOpen(&source, read_bytes, &error));
    if (!gif) throw ImageError("not a readable GIF");
    return decode_first_frame(gif.get());
}

}  // namespace clipsim
