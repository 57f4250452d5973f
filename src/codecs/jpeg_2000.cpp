// JPEG 2000 by OpenJPEG: JP2 files and bare codestreams.
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "byte_reader.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/shared_library.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

struct OpenJpeg {
    SharedLibrary library{CLIPSIM_JPEG_2000_LIBRARY};
    decltype(&opj_stream_create) new_stream = library.find("opj_stream_create");
    decltype(&opj_stream_destroy) free_stream = library.find("opj_stream_destroy");
    decltype(&opj_stream_set_user_data) set_data = library.find("opj_stream_set_user_data");
    decltype(&opj_stream_set_user_data_length) set_length = library.find("opj_stream_set_user_data_length");
    decltype(&opj_stream_set_read_function) set_read = library.find("opj_stream_set_read_function");
    decltype(&opj_stream_set_skip_function) set_skip = library.find("opj_stream_set_skip_function");
    decltype(&opj_stream_set_seek_function) set_seek = library.find("opj_stream_set_seek_function");
    decltype(&opj_create_decompress) new_codec = library.find("opj_create_decompress");
    decltype(&opj_destroy_codec) free_codec = library.find("opj_destroy_codec");
    decltype(&opj_set_default_decoder_parameters) set_defaults =
        library.find("opj_set_default_decoder_parameters");
    decltype(&opj_setup_decoder) set_up = library.find("opj_setup_decoder");
    decltype(&opj_read_header) read_header = library.find("opj_read_header");
    decltype(&opj_decode) decode = library.find("opj_decode");
    decltype(&opj_image_destroy) free_image = library.find("opj_image_destroy");
};

const OpenJpeg& openjpeg() {
    static const OpenJpeg library;
    return library;
}

struct Source {
    std::span<const std::byte> bytes;
    std::size_t position = 0;
};

OPJ_SIZE_T read_bytes(void* target, OPJ_SIZE_T count, void* user_data) {
    auto& source = *static_cast<Source*>(user_data);
    const std::size_t taken = std::min(count, source.bytes.size() - source.position);
    if (taken == 0) return static_cast<OPJ_SIZE_T>(-1);
    std::memcpy(target, source.bytes.data() + source.position, taken);
    source.position += taken;
    return taken;
}

OPJ_BOOL seek(OPJ_OFF_T position, void* user_data) {
    auto& source = *static_cast<Source*>(user_data);
    if (position < 0 || static_cast<std::uint64_t>(position) > source.bytes.size()) return OPJ_FALSE;
    source.position = static_cast<std::size_t>(position);
    return OPJ_TRUE;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* user_data) {
    const auto from = static_cast<OPJ_OFF_T>(static_cast<Source*>(user_data)->position);
    return count <= static_cast<OPJ_OFF_T>(static_cast<Source*>(user_data)->bytes.size()) &&
                   seek(from + count, user_data) == OPJ_TRUE
               ? count
               : -1;
}

[[noreturn]] void refuse() {
    throw ImageError("the JPEG 2000 is truncated or damaged");
}

// A file up to its samples.
struct OpenFile {
    explicit OpenFile(std::span<const std::byte> bytes) : source{bytes} {
        opj_dparameters_t parameters;
        lib.set_defaults(&parameters);
        codec.reset(lib.new_codec(ByteReader(bytes).byte(0) == 0xFF ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
        if (!stream || !codec || lib.set_up(codec.get(), &parameters) != OPJ_TRUE) refuse();
        lib.set_read(stream.get(), read_bytes);
        lib.set_skip(stream.get(), skip);
        lib.set_seek(stream.get(), seek);
        lib.set_data(stream.get(), &source, nullptr);
        lib.set_length(stream.get(), bytes.size());
        opj_image_t* read = nullptr;
        const OPJ_BOOL done = lib.read_header(stream.get(), codec.get(), &read);
        image.reset(read);
        if (done != OPJ_TRUE || !image || image->x1 < image->x0 || image->y1 < image->y0) refuse();
    }

    const OpenJpeg& lib = openjpeg();
    Source source;
    std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream{
        lib.new_stream(OPJ_J2K_STREAM_CHUNK_SIZE, OPJ_TRUE), lib.free_stream};
    std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec{nullptr, lib.free_codec};
    std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image{nullptr, lib.free_image};
};

// One channel's samples, in 8 bits and at the picture's resolution.
class Channel {
  public:
    explicit Channel(const opj_image_comp_t& component)
        : component_(component),
          largest_((std::int64_t{1} << component.prec) - 1),
          offset_(component.sgnd != 0 ? std::int64_t{1} << (component.prec - 1) : 0) {}

    std::uint8_t at(std::uint64_t x, std::uint64_t y) const {
        const std::uint64_t column = std::min<std::uint64_t>(x / component_.dx, component_.w - 1),
                            row = std::min<std::uint64_t>(y / component_.dy, component_.h - 1);
        const std::int64_t value = component_.data[row * component_.w + column] + offset_;
        return static_cast<std::uint8_t>((std::clamp<std::int64_t>(value, 0, largest_) * 255 + largest_ / 2) /
                                         largest_);
    }

  private:
    const opj_image_comp_t& component_;
    std::int64_t largest_, offset_;
};

// ITU-T T.871, as JPEG has it.
void ycc_to_rgb(std::uint8_t* colour) {
    const double luma = colour[0], blue = colour[1] - 128.0, red = colour[2] - 128.0;
    const auto rounded = [](double value) {
        return static_cast<std::uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
    };
    colour[0] = rounded(luma + 1.402 * red);
    colour[1] = rounded(luma - 0.344136 * blue - 0.714136 * red);
    colour[2] = rounded(luma + 1.772 * blue);
}

bool is_ycc(const opj_image_t& image) {
    if (image.color_space == OPJ_CLRSPC_SYCC || image.color_space == OPJ_CLRSPC_EYCC) return true;
    // A codestream alone does not say; no one samples red and blue more coarsely.
    return image.color_space != OPJ_CLRSPC_SRGB && image.comps[1].dx > image.comps[0].dx;
}

}  // namespace

ImageHeader read_jpeg_2000_header(std::span<const std::byte> bytes) {
    const OpenFile file(bytes);
    return {file.image->x1 - file.image->x0, file.image->y1 - file.image->y0};
}

Pixels decode_jpeg_2000(std::span<const std::byte> bytes, const ImageHeader& header) {
    const OpenFile file(bytes);
    const opj_image_t& image = *file.image;
    if (file.lib.decode(file.codec.get(), file.stream.get(), file.image.get()) != OPJ_TRUE) refuse();
    std::vector<Channel> channels;
    for (std::uint32_t i = 0; i < std::min<std::uint32_t>(image.numcomps, 4); ++i) {
        const opj_image_comp_t& component = image.comps[i];
        constexpr std::uint32_t most_bits = 31;
        if (component.data == nullptr || component.w == 0 || component.h == 0 || component.dx == 0 ||
            component.dy == 0 || component.prec == 0 || component.prec > most_bits) {
            refuse();
        }
        channels.emplace_back(component);
    }
    if (channels.empty()) refuse();
    const std::size_t colours = channels.size() < 3 ? 1 : 3;
    const bool inks = channels.size() == 4 && image.color_space == OPJ_CLRSPC_CMYK;
    const bool ycc = colours == 3 && !inks && is_ycc(image);
    Pixels pixels = make_pixels(header.width, header.height);
    std::uint8_t* target = pixels.rgb.data();
    for (std::uint64_t y = 0; y < header.height; ++y) {
        for (std::uint64_t x = 0; x < header.width; ++x, target += 3) {
            std::array<std::uint8_t, 4> colour{0, 0, 0, 255};
            for (std::size_t i = 0; i < 3; ++i) colour[i] = channels[std::min(i, colours - 1)].at(x, y);
            if (channels.size() > colours) colour[3] = channels[colours].at(x, y);
            if (ycc) ycc_to_rgb(colour.data());
            inks ? cmyk_to_rgb(colour.data(), target) : lay_over_white(colour.data(), target);
        }
    }
    return pixels;
}

}  // namespace clipsim
