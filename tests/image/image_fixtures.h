// The committed pictures of tests/fixtures/image and what Pillow made of them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "clipsim/codecs/open_image.h"
#include "clipsim/image/pixels.h"
#include "temporary_folder.h"

namespace clipsim::testing {

inline std::filesystem::path fixture_folder() {
    return std::filesystem::path(CLIPSIM_FIXTURES) / "image";
}

// Whether the library of its format was there when clipsim was built.
inline bool is_read(const std::filesystem::path& file) {
    try {
        open_image(file);
    } catch (const ImageError& error) {
        return std::string_view(error.what()).find("this build of clipsim reads no") ==
               std::string_view::npos;
    }
    return true;
}

// The pictures: every file that has a NAME.ppm beside it, or a NAME of another ending.
inline std::vector<std::string> fixture_names(const std::string& ending = ".ppm") {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(fixture_folder())) {
        if (entry.path().extension() == ending && is_read(fixture_folder() / entry.path().stem()))
            names.insert(entry.path().stem().string());
    }
    return {names.begin(), names.end()};
}

// File names as names of parameterised tests.
inline std::string fixture_test_name(const ::testing::TestParamInfo<std::string>& file) {
    std::string name = file.param;
    std::ranges::replace(name, '.', '_');
    return name;
}

// Binary PPM as Pillow writes it.
inline Pixels read_ppm(const std::filesystem::path& file) {
    const std::string content = read_text(file);
    std::istringstream in(content);
    std::string magic;
    Pixels pixels;
    int largest = 0;
    in >> magic >> pixels.width >> pixels.height >> largest;
    const std::size_t count = static_cast<std::size_t>(pixels.width) * pixels.height * 3;
    if (magic != "P6" || largest != 255 || content.size() < count)
        throw std::runtime_error("no PPM: " + file.string());
    pixels.rgb.assign(content.end() - static_cast<std::ptrdiff_t>(count), content.end());
    return pixels;
}

inline std::vector<float> read_floats(const std::filesystem::path& file) {
    const std::string content = read_text(file);
    std::vector<float> values(content.size() / sizeof(float));
    std::memcpy(values.data(), content.data(), values.size() * sizeof(float));
    return values;
}

struct Difference {
    double mean = 0;
    int largest = 0;
};

inline Difference difference(const Pixels& a, const Pixels& b) {
    if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size()) return {255, 255};
    Difference result;
    for (std::size_t i = 0; i < a.rgb.size(); ++i) {
        const int distance = std::abs(int{a.rgb[i]} - int{b.rgb[i]});
        result.mean += distance;
        result.largest = std::max(result.largest, distance);
    }
    result.mean /= static_cast<double>(std::max<std::size_t>(1, a.rgb.size()));
    return result;
}

}  // namespace clipsim::testing
