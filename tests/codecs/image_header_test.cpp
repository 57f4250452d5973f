#include "image_header.h"

#include <gtest/gtest.h>

#include <map>

#include "image/image_fixtures.h"

namespace clipsim {
namespace {

using testing::fixture_folder;
using testing::read_text;

std::optional<ImageHeader> header_of(const std::string& bytes) {
    return read_image_header(std::as_bytes(std::span(bytes)));
}

TEST(ImageHeader, OfEveryFixtureIsItsFormatAndStoredSize) {
    const std::map<std::string, ImageFormat> formats{
        {".jpg", ImageFormat::jpeg},  {".jpeg", ImageFormat::jpeg}, {".png", ImageFormat::png},
        {".webp", ImageFormat::webp}, {".bmp", ImageFormat::bmp},   {".tif", ImageFormat::tiff},
        {".tiff", ImageFormat::tiff}, {".gif", ImageFormat::gif}};
    for (const std::string& name : testing::fixture_names()) {
        const std::optional<ImageHeader> header = header_of(read_text(fixture_folder() / name));
        ASSERT_TRUE(header) << name;
        EXPECT_EQ(header->format, formats.at(std::filesystem::path(name).extension())) << name;
        const Pixels upright = testing::read_ppm((fixture_folder() / (name + ".ppm")).string());
        const auto width = static_cast<std::uint64_t>(upright.width),
                   height = static_cast<std::uint64_t>(upright.height);
        const bool turned = header->width != width;  // orientations 5 to 8
        EXPECT_EQ(turned ? header->height : header->width, width) << name;
        EXPECT_EQ(turned ? header->width : header->height, height) << name;
        EXPECT_TRUE(!turned || name.find("orientation") != std::string::npos) << name;
    }
}

TEST(ImageHeader, OfASmallPartOfTheFileWillDo) {
    for (const char* name : {"rgb.jpg", "rgb.png", "lossy.webp", "lossless.webp", "rgb.bmp", "palette.gif"}) {
        EXPECT_TRUE(header_of(read_text(fixture_folder() / name).substr(0, 700))) << name;
    }
}

TEST(ImageHeader, CutShortAnywhereIsNothingOrTheWholeAnswer) {
    for (const char* name : {"rgb.jpg", "orientation6.jpg", "rgb.png", "lossy.webp", "rgba.webp", "rgb.bmp",
                             "palette.gif", "orientation6.tiff"}) {
        const std::string whole = read_text(fixture_folder() / name);
        const ImageHeader expected = *header_of(whole);
        for (std::size_t kept = 0; kept < std::min<std::size_t>(whole.size(), 900); ++kept) {
            const std::optional<ImageHeader> header = header_of(whole.substr(0, kept));
            // A size that lost its low bytes may read smaller; never larger than the truth.
            if (!header) continue;
            EXPECT_LE(header->width * header->height, expected.width * expected.height) << name << kept;
        }
        EXPECT_FALSE(header_of(whole.substr(0, 8))) << name;
    }
}

TEST(ImageHeader, OfAnythingElseIsNothing) {
    using namespace std::string_literals;
    for (const std::string& bytes :
         {""s, "B"s, "BM"s, "GIF88a\x01\x00\x01\x00"s, "\xFF\xD8"s, "\xFF\xD8\xFF\xD9"s, "RIFF....WAVEfmt "s,
          "II*\0"s, "MM\0*\xFF\xFF\xFF\xFF"s, "<svg/>"s, "%PDF-1.4"s, std::string(1000, '\0'),
          std::string(1000, '\xFF'), "\xFF\xD8" + std::string(1000, '\xFF')}) {
        EXPECT_FALSE(header_of(bytes)) << ::testing::PrintToString(bytes.substr(0, 12));
    }
}

TEST(ImageHeader, ASizeOfZeroIsNothing) {
    std::string gif = read_text(fixture_folder() / "palette.gif");
    gif[6] = gif[7] = 0;
    EXPECT_FALSE(header_of(gif));
    std::string png = read_text(fixture_folder() / "rgb.png");
    png.replace(20, 4, 4, '\0');
    EXPECT_FALSE(header_of(png));
}

TEST(ImageHeader, ABmpOfTheSmallestHeightIsHuge) {
    std::string bmp = read_text(fixture_folder() / "rgb.bmp");
    bmp.replace(22, 4, std::string("\0\0\0\x80", 4));  // INT32_MIN, whose negative is no int32
    ASSERT_TRUE(header_of(bmp));
    EXPECT_EQ(header_of(bmp)->height, std::uint64_t{1} << 31);
}

}  // namespace
}  // namespace clipsim
