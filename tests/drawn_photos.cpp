#include "drawn_photos.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "clipsim/codecs/encode.h"

namespace clipsim::testing {

namespace {

Pixels draw_disc(std::mt19937& random, int hue) {
    Pixels picture{96, 80, {}};
    std::uniform_int_distribution<int> noise(0, 60);
    const int centre_x = 30 + noise(random) / 2, centre_y = 25 + noise(random) / 2,
              radius = 14 + noise(random) / 5;
    for (int y = 0; y < picture.height; ++y) {
        for (int x = 0; x < picture.width; ++x) {
            const bool inside = std::hypot(x - centre_x, y - centre_y) < radius;
            for (int channel = 0; channel < 3; ++channel) {
                const int base = inside ? (channel == hue ? 190 : 20) : 120;
                picture.rgb.push_back(static_cast<std::uint8_t>(base + noise(random)));
            }
        }
    }
    return picture;
}

}  // namespace

void draw_photos(const std::filesystem::path& photos, int per_class) {
    const std::vector<std::string> classes{"red", "green", "blue"};
    std::mt19937 random(7);
    for (int hue = 0; hue < 3; ++hue) {
        std::filesystem::create_directories(photos / classes[hue]);
        for (int i = 0; i < per_class; ++i) {
            write_picture(photos / classes[hue] / (std::to_string(i) + ".png"), draw_disc(random, hue));
        }
    }
}

}  // namespace clipsim::testing
