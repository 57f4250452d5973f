#include "clipsim/image/resize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>

#include "image_fixtures.h"

namespace clipsim {
namespace {

// As noise() in make_image_fixtures.py.
Pixels noise(int width, int height) {
    Pixels pixels{width, height, {}};
    auto state = static_cast<std::uint32_t>(width * 65536 + height);
    for (int i = 0; i < width * height * 3; ++i) {
        state = state * 1664525U + 1013904223U;
        pixels.rgb.push_back(static_cast<std::uint8_t>(state >> 24));
    }
    return pixels;
}

std::uint64_t fnv1a(const std::vector<std::uint8_t>& bytes) {
    std::uint64_t value = 0xCBF29CE484222325ULL;
    for (const std::uint8_t byte : bytes) value = (value ^ byte) * 0x100000001B3ULL;
    return value;
}

TEST(Resize, EqualsPillowBitForBit) {
    std::ifstream golden(testing::fixture_folder() / "resize.txt");
    int width = 0, height = 0, new_width = 0, new_height = 0, cases = 0;
    std::uint64_t expected = 0;
    while (golden >> std::dec >> width >> height >> new_width >> new_height >> std::hex >> expected) {
        const Pixels resized = resize_bicubic(noise(width, height), new_width, new_height);
        EXPECT_EQ(fnv1a(resized.rgb), expected)
            << std::dec << width << " x " << height << " to " << new_width << " x " << new_height;
        ++cases;
    }
    EXPECT_EQ(cases, 90);
}

TEST(Resize, SameSizeIsACopy) {
    const Pixels source = noise(33, 21);
    EXPECT_EQ(resize_bicubic(source, 33, 21).rgb, source.rgb);
}

TEST(Resize, WindowEqualsThatPartOfTheWholePicture) {
    const Pixels source = noise(97, 61);
    for (const auto& [width, height] : {std::pair{40, 30}, std::pair{210, 150}}) {
        const Pixels whole = resize_bicubic(source, width, height);
        const PixelRect window{7, 5, 21, 18};
        const Pixels part = resize_bicubic(source, width, height, window);
        ASSERT_EQ(part.width, window.width);
        ASSERT_EQ(part.height, window.height);
        for (int y = 0; y < window.height; ++y) {
            for (int x = 0; x < window.width * 3; ++x) {
                ASSERT_EQ(part.rgb[static_cast<std::size_t>(y * window.width * 3 + x)],
                          whole.rgb[static_cast<std::size_t>(((y + window.y) * width + window.x) * 3 + x)]);
            }
        }
    }
}

// The definition, one sum at a time, in place of the vectors: sizes on all sides of a vector's.
Pixels resized_plainly(const Pixels& source, int width, int height) {
    const auto pass = [](const Pixels& in, int size, bool across) {
        Pixels out{across ? size : in.width, across ? in.height : size, {}};
        out.rgb.resize(static_cast<std::size_t>(out.width) * out.height * 3);
        const double scale = static_cast<double>(across ? in.width : in.height) / size;
        const double stretch = std::max(scale, 1.0);
        const auto cubic = [](double x) {
            x = std::abs(x);
            if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
            return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0.0;
        };
        for (int i = 0; i < size; ++i) {
            const double centre = (i + 0.5) * scale;
            const int first = std::max(0, static_cast<int>(centre - 2 * stretch + 0.5));
            const int last =
                std::min(across ? in.width : in.height, static_cast<int>(centre + 2 * stretch + 0.5));
            std::vector<double> weights;
            double total = 0;
            for (int k = first; k < last; ++k) {
                weights.push_back(cubic((k - centre + 0.5) * (1.0 / stretch)));
                total += weights.back();
            }
            for (int other = 0; other < (across ? in.height : in.width); ++other) {
                for (int c = 0; c < 3; ++c) {
                    int sum = 1 << 21;
                    for (int k = first; k < last; ++k) {
                        const double weight =
                            weights[static_cast<std::size_t>(k - first)] / total * (1 << 22);
                        const int x = across ? k : other, y = across ? other : k;
                        sum += in.rgb[static_cast<std::size_t>((y * in.width + x) * 3 + c)] *
                               static_cast<int>(weight < 0 ? weight - 0.5 : weight + 0.5);
                    }
                    const int x = across ? i : other, y = across ? other : i;
                    out.rgb[static_cast<std::size_t>((y * out.width + x) * 3 + c)] =
                        static_cast<std::uint8_t>(std::clamp(sum >> 22, 0, 255));
                }
            }
        }
        return out;
    };
    return pass(pass(source, width, true), height, false);
}

TEST(Resize, VectorsGiveWhatOneSumAtATimeGives) {
    for (const auto& [width, height] :
         {std::pair{1, 1}, {2, 33}, {5, 16}, {6, 17}, {31, 15}, {50, 40}, {123, 47}}) {
        for (const auto& [to_width, to_height] :
             {std::pair{1, 1}, {4, 9}, {5, 16}, {11, 31}, {24, 24}, {97, 70}}) {
            const Pixels source = noise(width, height);
            EXPECT_EQ(resize_bicubic(source, to_width, to_height).rgb,
                      resized_plainly(source, to_width, to_height).rgb)
                << width << " x " << height << " to " << to_width << " x " << to_height;
        }
    }
}

}  // namespace
}  // namespace clipsim
