// HEIC and AVIF by libheif, which turns them upright.
#include <libheif/heif.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/shared_library.h"
#include "codecs.h"
#include "pixel_math.h"

namespace clipsim {

namespace {

struct LibHeif {
    SharedLibrary library{CLIPSIM_HEIF_LIBRARY};
    decltype(&heif_context_alloc) new_context = library.find("heif_context_alloc");
    decltype(&heif_context_free) free_context = library.find("heif_context_free");
    decltype(&heif_context_set_max_decoding_threads) set_threads =
        library.find("heif_context_set_max_decoding_threads");
    decltype(&heif_context_read_from_memory_without_copy) read =
        library.find("heif_context_read_from_memory_without_copy");
    decltype(&heif_context_get_primary_image_handle) primary =
        library.find("heif_context_get_primary_image_handle");
    decltype(&heif_image_handle_release) free_handle = library.find("heif_image_handle_release");
    decltype(&heif_image_handle_get_width) width = library.find("heif_image_handle_get_width");
    decltype(&heif_image_handle_get_height) height = library.find("heif_image_handle_get_height");
    decltype(&heif_image_handle_has_alpha_channel) has_alpha =
        library.find("heif_image_handle_has_alpha_channel");
    decltype(&heif_image_handle_is_premultiplied_alpha) is_multiplied =
        library.find("heif_image_handle_is_premultiplied_alpha");
    decltype(&heif_decoding_options_alloc) new_options = library.find("heif_decoding_options_alloc");
    decltype(&heif_decoding_options_free) free_options = library.find("heif_decoding_options_free");
    decltype(&heif_decode_image) decode = library.find("heif_decode_image");
    decltype(&heif_image_release) free_image = library.find("heif_image_release");
    decltype(&heif_image_get_width) image_width = library.find("heif_image_get_width");
    decltype(&heif_image_get_height) image_height = library.find("heif_image_get_height");
    decltype(&heif_image_get_plane_readonly) plane = library.find("heif_image_get_plane_readonly");
};

const LibHeif& libheif() {
    static const LibHeif library;
    return library;
}

void check(const heif_error& error) {
    if (error.code == heif_error_Ok) return;
    const std::string reason = error.message != nullptr ? error.message : "";
    if (error.code == heif_error_Unsupported_feature || error.code == heif_error_Unsupported_filetype)
        throw ImageError("libheif does not decode this HEIC or AVIF here, a plugin of it may be missing: " +
                         reason);
    throw ImageError("the HEIC or AVIF is truncated or damaged: " + reason);
}

template <typename Type, typename Free>
std::unique_ptr<Type, Free> owned(Type* object, Free free) {
    return {object, free};
}

// The primary picture of a file.
struct OpenHeif {
    explicit OpenHeif(std::span<const std::byte> bytes) {
        if (!context) throw ImageError("out of memory");
        lib.set_threads(context.get(), 0);  // pictures are decoded side by side
        check(lib.read(context.get(), bytes.data(), bytes.size(), nullptr));
        heif_image_handle* primary = nullptr;
        check(lib.primary(context.get(), &primary));
        handle.reset(primary);
    }

    const LibHeif& lib = libheif();
    std::unique_ptr<heif_context, decltype(&heif_context_free)> context =
        owned(lib.new_context(), lib.free_context);
    std::unique_ptr<heif_image_handle, decltype(&heif_image_handle_release)> handle{nullptr, lib.free_handle};
};

}  // namespace

ImageHeader read_heif_header(std::span<const std::byte> bytes) {
    const OpenHeif file(bytes);
    return {static_cast<std::uint64_t>(std::max(0, file.lib.width(file.handle.get()))),
            static_cast<std::uint64_t>(std::max(0, file.lib.height(file.handle.get())))};
}

Pixels decode_heif(std::span<const std::byte> bytes, const ImageHeader& header) {
    const OpenHeif file(bytes);
    const LibHeif& lib = file.lib;
    const auto options = owned(lib.new_options(), lib.free_options);
    if (!options) throw ImageError("out of memory");
    options->convert_hdr_to_8bit = 1;
    heif_image* decoded = nullptr;
    check(lib.decode(file.handle.get(), &decoded, heif_colorspace_RGB, heif_chroma_interleaved_RGBA,
                     options.get()));
    const auto image = owned(decoded, lib.free_image);
    Pixels pixels = make_pixels(header.width, header.height);
    int stride = 0;
    const std::uint8_t* row = lib.plane(image.get(), heif_channel_interleaved, &stride);
    if (row == nullptr || lib.image_width(image.get(), heif_channel_interleaved) != pixels.width ||
        lib.image_height(image.get(), heif_channel_interleaved) != pixels.height) {
        throw ImageError("a HEIC or AVIF of contradictory sizes");
    }
    const bool opaque = lib.has_alpha(file.handle.get()) == 0;
    const bool multiplied = opaque || lib.is_multiplied(file.handle.get()) != 0;
    std::uint8_t* target = pixels.rgb.data();
    for (int y = 0; y < pixels.height; ++y, row += stride) {
        const std::uint8_t* from = row;
        for (int x = 0; x < pixels.width; ++x, from += 4, target += 3) {
            const std::array rgba{from[0], from[1], from[2], opaque ? std::uint8_t{255} : from[3]};
            multiplied ? lay_multiplied_over_white(rgba.data(), target) : lay_over_white(rgba.data(), target);
        }
    }
    return pixels;
}

}  // namespace clipsim
