// WebP by libwebp; animations by libwebpdemux.
#include <webp/decode.h>
#include <webp/demux.h>

#include <memory>
#include <vector>

#include "clipsim/codecs/open_image.h"
#include "codecs.h"
#include "exif.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

constexpr const char* damaged = "the WebP is truncated or damaged";

struct DeleteDemuxer {
    void operator()(WebPDemuxer* demuxer) const { WebPDemuxDelete(demuxer); }
};
struct DeleteAnimation {
    void operator()(WebPAnimDecoder* decoder) const { WebPAnimDecoderDelete(decoder); }
};

WebPData data_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
}

// Nothing where there is none.
std::span<const std::byte> chunk(const WebPDemuxer* demuxer, const char* name) {
    WebPChunkIterator found;
    std::span<const std::byte> bytes;
    if (WebPDemuxGetChunk(demuxer, name, 1, &found) != 0)
        bytes = std::as_bytes(std::span(found.chunk.bytes, found.chunk.size));
    WebPDemuxReleaseChunkIterator(&found);
    return bytes;
}

void decode_first_frame(std::span<const std::byte> bytes, Pixels& pixels) {
    const WebPData data = data_of(bytes);
    WebPAnimDecoderOptions options;
    if (WebPAnimDecoderOptionsInit(&options) == 0) throw ImageError("an incompatible libwebpdemux");
    options.color_mode = MODE_RGBA;
    const std::unique_ptr<WebPAnimDecoder, DeleteAnimation> decoder(WebPAnimDecoderNew(&data, &options));
    WebPAnimInfo info;
    std::uint8_t* canvas = nullptr;  // the decoder's
    int milliseconds = 0;
    if (!decoder || WebPAnimDecoderGetInfo(decoder.get(), &info) == 0 ||
        info.canvas_width != static_cast<std::uint32_t>(pixels.width) ||
        info.canvas_height != static_cast<std::uint32_t>(pixels.height) ||
        WebPAnimDecoderGetNext(decoder.get(), &canvas, &milliseconds) == 0) {
        throw ImageError(damaged);
    }
    lay_over_white(canvas, pixels);
}

}  // namespace

ImageHeader read_webp_header(std::span<const std::byte> bytes) {
    const WebPData data = data_of(bytes);
    WebPDemuxState state = WEBP_DEMUX_PARSE_ERROR;
    const std::unique_ptr<WebPDemuxer, DeleteDemuxer> demuxer(WebPDemuxPartial(&data, &state));
    if (!demuxer || state < WEBP_DEMUX_PARSED_HEADER) throw ImageError(damaged);
    ImageHeader header{WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_WIDTH),
                       WebPDemuxGetI(demuxer.get(), WEBP_FF_CANVAS_HEIGHT)};
    header.orientation = exif_orientation(chunk(demuxer.get(), "EXIF"));
    if (header.orientation == 0) {
        const std::span<const std::byte> xmp = chunk(demuxer.get(), "XMP ");
        header.orientation = xmp_orientation({reinterpret_cast<const char*>(xmp.data()), xmp.size()});
    }
    return header;
}

Pixels decode_webp(std::span<const std::byte> bytes, const ImageHeader& header) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    WebPBitstreamFeatures features;
    if (WebPGetFeatures(data, bytes.size(), &features) != VP8_STATUS_OK ||
        static_cast<std::uint64_t>(features.width) != header.width ||
        static_cast<std::uint64_t>(features.height) != header.height) {
        throw ImageError(damaged);
    }
    Pixels pixels = make_pixels(header.width, header.height);
    if (features.has_animation != 0) {
        decode_first_frame(bytes, pixels);
    } else if (features.has_alpha != 0) {
        std::vector<std::uint8_t> rgba(header.width * header.height * 4);
        if (WebPDecodeRGBAInto(data, bytes.size(), rgba.data(), rgba.size(), pixels.width * 4) == nullptr) {
            throw ImageError(damaged);
        }
        lay_over_white(rgba.data(), pixels);
    } else if (WebPDecodeRGBInto(data, bytes.size(), pixels.rgb.data(), pixels.rgb.size(),
                                 pixels.width * 3) == nullptr) {
        throw ImageError(damaged);
    }
    return pixels;
}

}  // namespace clipsim
