// JPEGs of every kind, made by libjpeg: noise over a slope, so that no two columns or rows are alike.
#pragma once

#include <cstdint>
#include <cstdio>  // jpeglib.h needs it first
#include <cstdlib>
#include <string>
#include <vector>

#include <jpeglib.h>

namespace clipsim::testing {

struct JpegKind {
    int width = 0, height = 0;
    int across = 1, down = 1;  // colours are at 1/across x 1/down of the resolution: 4:2:0 is 2, 2
    bool grey = false;
    bool progressive = false;
    bool inks = false;  // CMYK
    unsigned restart_interval = 0;
};

inline std::vector<std::uint8_t> noisy_row(const JpegKind& kind, int y, int channels) {
    std::vector<std::uint8_t> row;
    auto state = static_cast<std::uint32_t>(y) * 2654435761U + 1;
    for (int i = 0; i < kind.width * channels; ++i) {
        state = state * 1664525U + 1013904223U;
        row.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(2 * y + i) % 160U + (state >> 26)));
    }
    return row;
}

inline std::string make_jpeg(const JpegKind& kind) {
    const int channels = kind.grey ? 1 : kind.inks ? 4 : 3;
    jpeg_error_mgr errors{};
    jpeg_compress_struct codec{};
    codec.err = jpeg_std_error(&errors);
    jpeg_create_compress(&codec);
    unsigned char* out = nullptr;
    unsigned long size = 0;
    jpeg_mem_dest(&codec, &out, &size);
    codec.image_width = static_cast<JDIMENSION>(kind.width);
    codec.image_height = static_cast<JDIMENSION>(kind.height);
    codec.input_components = channels;
    codec.in_color_space = kind.grey ? JCS_GRAYSCALE : kind.inks ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&codec);
    codec.comp_info[0].h_samp_factor = kind.across;
    codec.comp_info[0].v_samp_factor = kind.down;
    codec.restart_interval = kind.restart_interval;
    if (kind.progressive) jpeg_simple_progression(&codec);
    jpeg_start_compress(&codec, TRUE);
    for (int y = 0; y < kind.height; ++y) {
        std::vector<std::uint8_t> row = noisy_row(kind, y, channels);
        std::uint8_t* line = row.data();
        jpeg_write_scanlines(&codec, &line, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    std::string bytes(reinterpret_cast<const char*>(out), size);
    std::free(out);  // NOLINT(cppcoreguidelines-no-malloc): libjpeg's own
    return bytes;
}

// The same file with an EXIF orientation, 1 to 8.
inline std::string with_orientation(const std::string& jpeg, int orientation) {
    const std::string tiff = std::string("MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) +
                             static_cast<char>(orientation) + std::string(6, '\0');
    const std::string body = std::string("Exif\0\0", 6) + tiff;
    const std::string segment = std::string("\xFF\xE1\0", 3) + static_cast<char>(body.size() + 2) + body;
    return jpeg.substr(0, 2) + segment + jpeg.substr(2);
}

}  // namespace clipsim::testing
