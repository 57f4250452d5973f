// JPEG XL by libjxl, which turns it upright. Of a damaged file, though not of a truncated one, Debian's
// libjxl writes lines to stderr and can't be told otherwise.
#include <jxl/decode.h>

#include <memory>
#include <vector>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/shared_library.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

struct LibJxl {
    SharedLibrary library{CLIPSIM_JPEG_XL_LIBRARY};
    decltype(&JxlDecoderCreate) create = library.find("JxlDecoderCreate");
    decltype(&JxlDecoderDestroy) destroy = library.find("JxlDecoderDestroy");
    decltype(&JxlDecoderSubscribeEvents) subscribe = library.find("JxlDecoderSubscribeEvents");
    decltype(&JxlDecoderSetUnpremultiplyAlpha) straighten = library.find("JxlDecoderSetUnpremultiplyAlpha");
    decltype(&JxlDecoderSetInput) set_input = library.find("JxlDecoderSetInput");
    decltype(&JxlDecoderProcessInput) go_on = library.find("JxlDecoderProcessInput");
    decltype(&JxlDecoderGetBasicInfo) info = library.find("JxlDecoderGetBasicInfo");
    decltype(&JxlDecoderSetImageOutBuffer) set_output = library.find("JxlDecoderSetImageOutBuffer");
};

const LibJxl& libjxl() {
    static const LibJxl library;
    return library;
}

// A file, decoded on this thread up to one event after another.
class Decoder {
  public:
    Decoder(std::span<const std::byte> bytes, int events) {
        if (!decoder_ || lib_.subscribe(decoder_.get(), events) != JXL_DEC_SUCCESS ||
            lib_.straighten(decoder_.get(), JXL_TRUE) != JXL_DEC_SUCCESS ||
            lib_.set_input(decoder_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                           bytes.size()) != JXL_DEC_SUCCESS) {
            refuse();
        }
    }

    void until(JxlDecoderStatus event) {
        if (lib_.go_on(decoder_.get()) != event) refuse();
    }

    JxlBasicInfo info() const {
        JxlBasicInfo info;
        if (lib_.info(decoder_.get(), &info) != JXL_DEC_SUCCESS) refuse();
        return info;
    }

    void set_output(std::vector<std::uint8_t>& rgba) {
        constexpr JxlPixelFormat format{4, JXL_TYPE_UINT8, JXL_NATIVE_ENDIAN, 0};
        if (lib_.set_output(decoder_.get(), &format, rgba.data(), rgba.size()) != JXL_DEC_SUCCESS) refuse();
    }

  private:
    [[noreturn]] static void refuse() { throw ImageError("the JPEG XL is truncated or damaged"); }

    const LibJxl& lib_ = libjxl();
    std::unique_ptr<JxlDecoder, decltype(&JxlDecoderDestroy)> decoder_{lib_.create(nullptr), lib_.destroy};
};

}  // namespace

ImageHeader read_jpeg_xl_header(std::span<const std::byte> bytes) {
    Decoder decoder(bytes, JXL_DEC_BASIC_INFO);
    decoder.until(JXL_DEC_BASIC_INFO);
    const JxlBasicInfo info = decoder.info();
    return {info.xsize, info.ysize};
}

Pixels decode_jpeg_xl(std::span<const std::byte> bytes, const ImageHeader& header) {
    Decoder decoder(bytes, JXL_DEC_FULL_IMAGE);
    decoder.until(JXL_DEC_NEED_IMAGE_OUT_BUFFER);
    std::vector<std::uint8_t> rgba(header.width * header.height * 4);
    decoder.set_output(rgba);
    decoder.until(JXL_DEC_FULL_IMAGE);
    Pixels pixels = make_pixels(header.width, header.height);
    lay_over_white(rgba.data(), pixels);
    return pixels;
}

}  // namespace clipsim
