#include "exif.h"

#include <gtest/gtest.h>

#include <string>

namespace clipsim {
namespace {

enum FieldType { byte = 1, text = 2, short_integer = 3, long_integer = 4, signed_long = 9 };

int orientation_of(const std::string& exif) {
    return exif_orientation(std::as_bytes(std::span(exif)));
}

// A TIFF header and a directory of one entry, in either byte order.
std::string directory(bool little, int tag, int value, FieldType type = short_integer) {
    const auto number = [&](int bytes, unsigned n) {
        std::string text;
        for (int i = 0; i < bytes; ++i)
            text.push_back(static_cast<char>(n >> 8 * (little ? i : bytes - 1 - i)));
        return text;
    };
    const int size = type == long_integer || type == signed_long ? 4 : type == short_integer ? 2 : 1;
    return (little ? "II" : "MM") + number(2, 42) + number(4, 8) + number(2, 1) +
           number(2, static_cast<unsigned>(tag)) + number(2, type) + number(4, 1) +
           number(size, static_cast<unsigned>(value)) + number(4 - size, 0) + number(4, 0);
}

TEST(Exif, BothByteOrdersAreRead) {
    EXPECT_EQ(orientation_of(directory(true, 0x0112, 5)), 5);
    EXPECT_EQ(orientation_of(directory(false, 0x0112, 5)), 5);
    EXPECT_EQ(orientation_of(directory(false, 0x0110, 5)), 0);  // another tag
}

TEST(Exif, TheOrientationMayBeOfAnyIntegerType) {
    for (const bool little : {true, false}) {
        for (const FieldType type : {byte, short_integer, long_integer, signed_long})
            EXPECT_EQ(orientation_of(directory(little, 0x0112, 6, type)), 6) << type;
        EXPECT_EQ(orientation_of(directory(little, 0x0112, 6, text)), 0);
    }
}

TEST(Exif, ItsNameMayStandBeforeIt) {
    const std::string name("Exif\0\0", 6);
    EXPECT_EQ(orientation_of(name + directory(true, 0x0112, 6)), 6);
    EXPECT_EQ(orientation_of(name + name + directory(true, 0x0112, 6)), 6);
}

TEST(Exif, ValuesTheStandardDoesNotKnowSayNothing) {
    for (const int value : {0, 9, 255, 65535})
        EXPECT_EQ(orientation_of(directory(true, 0x0112, value)), 0) << value;
    EXPECT_EQ(orientation_of(directory(true, 0x0112, 65536 + 6, long_integer)), 0);
}

TEST(Exif, DamagedOnesSayNothing) {
    const std::string good = directory(true, 0x0112, 6);
    for (std::size_t kept = 0; kept <= 18; ++kept) EXPECT_EQ(orientation_of(good.substr(0, kept)), 0) << kept;
    std::string far = good;
    far.replace(4, 4, 4, '\xFF');  // a directory beyond the file
    EXPECT_EQ(orientation_of(far), 0);
    EXPECT_EQ(orientation_of("XX" + good.substr(2)), 0);
}

TEST(Xmp, TheOrientationIsAnAttributeOrAnElement) {
    EXPECT_EQ(xmp_orientation(R"(<rdf:Description tiff:Orientation="6" tiff:Make="x"/>)"), 6);
    EXPECT_EQ(xmp_orientation("<rdf:Description tiff:Orientation='3'/>"), 3);
    EXPECT_EQ(xmp_orientation("<tiff:Orientation>8</tiff:Orientation>"), 8);
}

TEST(Xmp, AnythingElseSaysNothing) {
    for (const char* packet :
         {"", "tiff:Orientation", "tiff:Orientation=", "tiff:Orientation=\"", "tiff:Orientation=\"9\"",
          "tiff:Orientation>x<", "tiff:Orientation 6", "exif:Orientation=\"6\""}) {
        EXPECT_EQ(xmp_orientation(packet), 0) << packet;
    }
}

}  // namespace
}  // namespace clipsim
