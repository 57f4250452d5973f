#include "clipsim/image/resize.h"

#include <gtest/gtest.h>

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
        const CropWindow window{7, 5, 21, 18};
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

}  // namespace
}  // namespace clipsim
