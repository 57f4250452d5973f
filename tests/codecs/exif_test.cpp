#include "exif.h"

#include <gtest/gtest.h>

#include "image/image_fixtures.h"

namespace clipsim {
namespace {

int orientation_of(const std::string& bytes, ImageFormat format) {
    return exif_orientation(std::as_bytes(std::span(bytes)), format);
}

int orientation_of_file(const std::string& name, ImageFormat format) {
    return orientation_of(testing::read_text(testing::fixture_folder() / name), format);
}

// A TIFF header and a directory of one entry, in either byte order.
std::string directory(bool little, int tag, int value) {
    const auto number = [&](int bytes, unsigned n) {
        std::string text;
        for (int i = 0; i < bytes; ++i)
            text.push_back(static_cast<char>(n >> 8 * (little ? i : bytes - 1 - i)));
        return text;
    };
    return (little ? "II" : "MM") + number(2, 42) + number(4, 8) + number(2, 1) +
           number(2, static_cast<unsigned>(tag)) + number(2, 3) + number(4, 1) +
           number(2, static_cast<unsigned>(value)) + number(2, 0) + number(4, 0);
}

// A JPEG of an APP1 segment alone.
std::string jpeg_with(const std::string& exif) {
    const std::string segment = std::string("Exif\0\0", 6) + exif;
    const std::size_t length = segment.size() + 2;
    return "\xFF\xD8\xFF\xE1" + std::string{static_cast<char>(length >> 8), static_cast<char>(length)} +
           segment + "\xFF\xDA";
}

TEST(Exif, TheOrientationIsReadFromEveryFormat) {
    for (int orientation = 2; orientation <= 8; ++orientation) {
        EXPECT_EQ(
            orientation_of_file("orientation" + std::to_string(orientation) + ".jpg", ImageFormat::jpeg),
            orientation);
    }
    EXPECT_EQ(orientation_of_file("orientation6.png", ImageFormat::png), 6);
    EXPECT_EQ(orientation_of_file("orientation8.webp", ImageFormat::webp), 8);
    EXPECT_EQ(orientation_of_file("orientation3.tiff", ImageFormat::tiff), 3);
}

TEST(Exif, WithoutItAPictureIsUpright) {
    EXPECT_EQ(orientation_of_file("rgb.jpg", ImageFormat::jpeg), 1);
    EXPECT_EQ(orientation_of_file("rgb.png", ImageFormat::png), 1);
    EXPECT_EQ(orientation_of_file("lossy.webp", ImageFormat::webp), 1);
    EXPECT_EQ(orientation_of_file("rgb.tiff", ImageFormat::tiff), 1);
    EXPECT_EQ(orientation_of_file("rgb.bmp", ImageFormat::bmp), 1);
    EXPECT_EQ(orientation_of_file("palette.gif", ImageFormat::gif), 1);
    EXPECT_EQ(orientation_of("", ImageFormat::jpeg), 1);
}

TEST(Exif, BothByteOrdersAreRead) {
    EXPECT_EQ(orientation_of(jpeg_with(directory(true, 0x0112, 5)), ImageFormat::jpeg), 5);
    EXPECT_EQ(orientation_of(jpeg_with(directory(false, 0x0112, 5)), ImageFormat::jpeg), 5);
    EXPECT_EQ(orientation_of(jpeg_with(directory(false, 0x0110, 5)), ImageFormat::jpeg), 1);  // another tag
}

TEST(Exif, ValuesTheStandardDoesNotKnowAreUpright) {
    for (const int value : {0, 9, 255, 65535}) {
        EXPECT_EQ(orientation_of(jpeg_with(directory(true, 0x0112, value)), ImageFormat::jpeg), 1) << value;
    }
}

TEST(Exif, DamagedOnesAreUpright) {
    const std::string good = jpeg_with(directory(true, 0x0112, 6));
    for (std::size_t kept = 0; kept + 12 < good.size(); ++kept) {
        EXPECT_EQ(orientation_of(good.substr(0, kept), ImageFormat::jpeg), 1) << kept;
    }
    std::string far = directory(true, 0x0112, 6);
    far.replace(4, 4, 4, '\xFF');  // a directory beyond the file
    EXPECT_EQ(orientation_of(jpeg_with(far), ImageFormat::jpeg), 1);
    EXPECT_EQ(orientation_of(jpeg_with("XX" + directory(true, 0x0112, 6).substr(2)), ImageFormat::jpeg), 1);
}

TEST(Exif, ChunksThatClaimTheWholeMemoryEnd) {
    std::string png = testing::read_text(testing::fixture_folder() / "rgb.png");
    png.replace(8, 4, 4, '\xFF');
    EXPECT_EQ(orientation_of(png, ImageFormat::png), 1);
    std::string webp = testing::read_text(testing::fixture_folder() / "rgba.webp");
    webp.replace(16, 4, 4, '\xFF');
    EXPECT_EQ(orientation_of(webp, ImageFormat::webp), 1);
}

}  // namespace
}  // namespace clipsim
