#include <gtest/gtest.h>

#include <optional>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/text.h"
#include "clipsim/image/preprocess.h"
#include "image/image_fixtures.h"
#include "jpeg_maker.h"

namespace clipsim {
namespace {

using testing::JpegKind;
using testing::make_jpeg;
using testing::with_orientation;

std::span<const std::byte> bytes_of(const std::string& file) {
    return std::as_bytes(std::span(file));
}

Pixels whole_of(const std::string& file) {
    return open_image(bytes_of(file), "a").decode();
}

PicturePart part_of(const std::string& file, const PixelRect& rect) {
    return open_image(bytes_of(file), "a").decode(rect);
}

Pixels cut(const Pixels& picture, int left, int top, const PixelRect& rect) {
    Pixels result{rect.width, rect.height, {}};
    for (int y = 0; y < rect.height; ++y) {
        const auto at = picture.rgb.begin() +
                        static_cast<std::ptrdiff_t>(rect.y - top + y) * picture.width * 3 +
                        static_cast<std::ptrdiff_t>(rect.x - left) * 3;
        result.rgb.insert(result.rgb.end(), at, at + static_cast<std::ptrdiff_t>(rect.width) * 3);
    }
    return result;
}

// Rectangles at, near and far from the edges of a picture, also of one pixel.
std::vector<PixelRect> rects_in(int width, int height) {
    std::vector<PixelRect> rects;
    for (const auto& [x, columns] : {std::pair{0, width},
                                     {0, 1},
                                     {width - 1, 1},
                                     {width / 3, width / 2},
                                     {width / 2, width - width / 2},
                                     {0, width * 2 / 3},
                                     {width / 2, 1}}) {
        for (const auto& [y, rows] : {std::pair{0, height},
                                      {0, 1},
                                      {height - 1, 1},
                                      {height / 3, height / 2},
                                      {height / 2, height - height / 2},
                                      {1, height / 4},
                                      {height / 2, 1}}) {
            const PixelRect rect{x, y, columns, rows};
            const bool inside = x + columns <= width && y + rows <= height;
            if (inside && columns > 0 && rows > 0) rects.push_back(rect);
        }
    }
    return rects;
}

void expect_parts_equal_the_whole(const std::string& file, const std::string& what) {
    const Pixels whole = whole_of(file);
    for (const PixelRect& rect : rects_in(whole.width, whole.height)) {
        const PicturePart part = part_of(file, rect);
        const std::string which =
            concat(what, ", ", rect.width, " x ", rect.height, " at ", rect.x, ", ", rect.y);
        ASSERT_EQ(part.whole_width, whole.width) << which;
        ASSERT_EQ(part.whole_height, whole.height) << which;
        ASSERT_LE(part.x, rect.x) << which;
        ASSERT_LE(part.y, rect.y) << which;
        ASSERT_GE(part.x + part.pixels.width, rect.x + rect.width) << which;
        ASSERT_GE(part.y + part.pixels.height, rect.y + rect.height) << which;
        ASSERT_EQ(cut(part.pixels, part.x, part.y, rect).rgb, cut(whole, 0, 0, rect).rgb) << which;
    }
}

// Every sampling, sequential and progressive, with and without restarts, at sizes that end blocks in all
// places.
std::vector<JpegKind> kinds() {
    std::vector<JpegKind> kinds;
    for (const auto& [width, height] : {std::pair{200, 150},
                                        {193, 101},
                                        {160, 128},
                                        {97, 35},
                                        {17, 9},
                                        {3, 2},
                                        {1, 1},
                                        {1, 70},
                                        {70, 1},
                                        {33, 47}}) {
        for (const auto& [across, down] : {std::pair{1, 1}, {2, 1}, {2, 2}, {1, 2}, {4, 1}}) {
            kinds.push_back({.width = width, .height = height, .across = across, .down = down});
        }
        kinds.push_back({.width = width, .height = height, .grey = true});
        kinds.push_back({.width = width, .height = height, .across = 2, .down = 2, .progressive = true});
        kinds.push_back({.width = width, .height = height, .across = 2, .down = 2, .restart_interval = 3});
        kinds.push_back({.width = width, .height = height, .inks = true});
    }
    return kinds;
}

std::string name_of(const JpegKind& kind) {
    return concat(kind.width, " x ", kind.height, " sampled ", kind.across, " x ", kind.down,
                  kind.grey ? " grey" : "", kind.progressive ? " progressive" : "", kind.inks ? " inks" : "",
                  kind.restart_interval > 0 ? " with restarts" : "");
}

TEST(DecodePart, EqualsThatPartOfTheWholePicture) {
    for (const JpegKind& kind : kinds()) expect_parts_equal_the_whole(make_jpeg(kind), name_of(kind));
}

TEST(DecodePart, OfATurnedPictureIsToldInUprightCoordinates) {
    for (int orientation = 1; orientation <= 8; ++orientation) {
        const std::string stored = make_jpeg({.width = 120, .height = 77, .across = 2, .down = 2});
        expect_parts_equal_the_whole(with_orientation(stored, orientation),
                                     concat("orientation ", orientation));
    }
}

TEST(DecodePart, OfOtherFormatsHoldsThatPart) {
    for (const std::string& name : testing::fixture_names())
        expect_parts_equal_the_whole(testing::read_text(testing::fixture_folder() / name), name);
}

TEST(DecodePart, LessIsDecodedThanTheWholePicture) {
    const std::string file = make_jpeg({.width = 500, .height = 400, .across = 2, .down = 2});
    const PicturePart part = part_of(file, {200, 100, 50, 60});
    EXPECT_LT(part.pixels.width, 100);
    EXPECT_LT(part.pixels.height, 100);
}

TEST(DecodePart, AProgressivePictureWithoutItsLastScansIsSmoothedAlike) {
    const std::string whole =
        make_jpeg({.width = 150, .height = 110, .across = 2, .down = 2, .progressive = true});
    for (std::size_t at = whole.find("\xFF\xDA", 0); at != std::string::npos;
         at = whole.find("\xFF\xDA", at + 2))
        if (at > 700) expect_parts_equal_the_whole(whole.substr(0, at) + "\xFF\xD9", concat("cut at ", at));
}

std::string refusal_of(const std::string& file, const std::optional<PixelRect>& rect = {}) {
    try {
        const ImageSource source = open_image(bytes_of(file), "a");
        rect ? source.decode(*rect) : PicturePart(source.decode());
    } catch (const ImageError& error) {
        return error.what();
    }
    return "";
}

TEST(DecodePart, AFileCutAnywhereIsRefusedOrShownAsTheWholeIs) {
    for (const JpegKind& kind : {JpegKind{.width = 90, .height = 80},
                                 {.width = 90, .height = 80, .across = 2, .down = 2},
                                 {.width = 90, .height = 80, .grey = true},
                                 {.width = 90, .height = 80, .across = 2, .down = 2, .progressive = true}}) {
        const std::string file = make_jpeg(kind);
        ::testing::internal::CaptureStderr();  // warnings
        for (std::size_t kept = 1; kept < file.size(); kept += 41) {
            const std::string short_file = file.substr(0, kept);
            const std::string refusal = refusal_of(short_file);
            if (refusal.empty()) expect_parts_equal_the_whole(short_file, concat("cut at ", kept));
            for (const PixelRect& rect : {PixelRect{0, 0, 1, 1}, {30, 30, 20, 20}, {0, 0, 90, 8}})
                EXPECT_EQ(refusal_of(short_file, rect), refusal) << kept;
        }
        ::testing::internal::GetCapturedStderr();
    }
}

TEST(DecodePart, PreprocessedItIsWhatTheWholePictureIs) {
    PreprocessSpec spec;
    spec.short_side = spec.crop_width = spec.crop_height = 32;
    for (const auto& [width, height] : {std::pair{200, 150}, {81, 300}, {20, 31}, {5, 90}}) {
        const std::string stored = make_jpeg({.width = width, .height = height, .across = 2, .down = 2});
        for (int orientation = 1; orientation <= 8; ++orientation) {
            const std::string file = with_orientation(stored, orientation);
            const Pixels whole = whole_of(file);
            const PicturePart crop = part_of(file, part_in_crop(whole.width, whole.height, spec));
            EXPECT_EQ(resize_and_crop(crop, spec).rgb, resize_and_crop(whole, spec).rgb);
            for (std::uint64_t seed = 0; seed < 6; ++seed) {
                const AugmentedView view = random_view(seed, whole.width, whole.height);
                const PicturePart part = part_of(file, part_in_view(whole.width, whole.height, view));
                EXPECT_EQ(resize_view(part, spec, view).rgb, resize_view(whole, spec, view).rgb);
            }
        }
    }
}

}  // namespace
}  // namespace clipsim
