// Files that are not as their formats have them, and which other programs read all the same.
#include <gtest/gtest.h>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/log.h"
#include "image/image_fixtures.h"
#include "jpeg_maker.h"

namespace clipsim {
namespace {

using namespace std::string_literals;
using testing::fixture_folder;
using testing::make_jpeg;
using testing::read_text;

Pixels decoded(const std::string& bytes) {
    return open_image(std::as_bytes(std::span(bytes)), "photo").decode();
}

std::string refusal_of(const std::string& bytes) {
    try {
        decoded(bytes);
    } catch (const ImageError& error) {
        return error.what();
    }
    return "";
}

// `bytes` put before the marker FF `code`.
std::string with_bytes_before(std::string jpeg, char code, const std::string& bytes) {
    return jpeg.insert(jpeg.find("\xFF"s + code), bytes);
}

std::string exif_segment(const std::string& field) {
    const std::string body = "Exif\0\0MM\0*\0\0\0\x08\0\x01"s + field + std::string(4, '\0');
    return "\xFF\xE1\0"s + static_cast<char>(body.size() + 2) + body;
}

const std::string turned_short = exif_segment("\x01\x12\0\x03\0\0\0\x01\0\x06\0\0"s);
const std::string turned_long = exif_segment("\x01\x12\0\x04\0\0\0\x01\0\0\0\x06"s);

std::string jpeg_with(const std::string& segments) {
    return make_jpeg({.width = 30, .height = 20}).insert(2, segments);
}

TEST(ImperfectFiles, BytesBehindAPictureDoNoHarm) {
    for (const std::string& name : testing::fixture_names()) {
        const std::string whole = read_text(fixture_folder() / name);
        EXPECT_EQ(decoded(whole + std::string(100, '\0') + "trailer").rgb, decoded(whole).rgb) << name;
    }
}

TEST(ImperfectFiles, StrayBytesBeforeAMarkerOfAJpegAreSkipped) {
    const std::string clean = read_text(fixture_folder() / "rgb.jpg");
    for (const std::string& stray : {"\0"s, std::string(7, '\x12'), "\xFF\0\xFF\0"s, "\xFF\xFF"s}) {
        for (const char code : {'\xE0', '\xDB', '\xC0', '\xC4', '\xDA'}) {
            EXPECT_EQ(decoded(with_bytes_before(clean, code, stray)).rgb, decoded(clean).rgb)
                << ::testing::PrintToString(stray) << " before " << int{code};
        }
    }
}

TEST(ImperfectFiles, TheOrientationOfAJpegIsFoundWhereverItStands) {
    const std::string empty = "\xFF\xE1\0\x08"s + "Exif\0\0"s, stray = "\0\0"s, fill = "\xFF\xFF"s;
    const std::string xmp = "http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation=\"6\"/>"s;
    const std::string xmp_segment = "\xFF\xE1\0"s + static_cast<char>(xmp.size() + 2) + xmp;
    for (const std::string& segments : {turned_short, turned_long, fill + turned_short, stray + turned_long,
                                        empty + turned_short, xmp_segment + turned_short, xmp_segment}) {
        EXPECT_EQ(decoded(jpeg_with(segments)).width, 20) << ::testing::PrintToString(segments);
    }
    const std::string upright = exif_segment("\x01\x12\0\x03\0\0\0\x01\0\x01\0\0"s);
    EXPECT_EQ(decoded(jpeg_with(upright + turned_short + xmp_segment)).width, 30);  // the first that tells
}

TEST(ImperfectFiles, AJpegThatIsCutOffShowsWhatIsThere) {
    for (const bool progressive : {false, true}) {
        const std::string whole =
            make_jpeg({.width = 64, .height = 96, .across = 2, .down = 2, .progressive = progressive});
        const std::string half = whole.substr(0, whole.size() * 2 / 3);
        ::testing::internal::CaptureStderr();
        const Pixels shown = decoded(half), expected = decoded(whole);
        const std::string warning = ::testing::internal::GetCapturedStderr();
        EXPECT_NE(warning.find("photo: the file is cut off"), std::string::npos) << warning;
        ASSERT_EQ(shown.rgb.size(), expected.rgb.size());
        EXPECT_NE(shown.rgb, expected.rgb);
        if (!progressive) {
            const auto rows = std::size_t{64} * 3 * 24;
            EXPECT_TRUE(std::equal(shown.rgb.begin(), shown.rgb.begin() + rows, expected.rgb.begin()));
        }
    }
}

TEST(ImperfectFiles, AJpegOfWhichNothingIsThereIsRefused) {
    const std::string whole = make_jpeg({.width = 64, .height = 96});
    const std::size_t scan = whole.find("\xFF\xDA");
    for (const std::size_t kept : {std::size_t{2}, scan / 2, scan, scan + 4, scan + 20})
        EXPECT_NE(refusal_of(whole.substr(0, kept)).find("truncated"), std::string::npos) << kept;
}

TEST(ImperfectFiles, AJpegThatLacksItsEndMarkerAloneIsWhole) {
    for (const int height : {8, 16, 96}) {
        const std::string whole = make_jpeg({.width = 64, .height = height});
        ::testing::internal::CaptureStderr();
        EXPECT_EQ(decoded(whole.substr(0, whole.size() - 2)).rgb, decoded(whole).rgb) << height;
        EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
    }
}

TEST(ImperfectFiles, APngNeedsNoEnd) {
    for (const char* name : {"rgb.png", "palette.png", "rgba16.png"}) {
        const std::string whole = read_text(fixture_folder() / name);
        const std::string endless = whole.substr(0, whole.size() - 12);
        EXPECT_EQ(decoded(endless).rgb, decoded(whole).rgb) << name;
        EXPECT_EQ(decoded(whole.substr(0, whole.size() - 14)).rgb, decoded(whole).rgb) << name;
        EXPECT_EQ(decoded(whole.substr(0, whole.size() - 16)).rgb, decoded(whole).rgb) << name;
        EXPECT_EQ(decoded(endless + "rubbish").rgb, decoded(whole).rgb) << name;
        EXPECT_EQ(decoded(endless + std::string(12, '\xFF')).rgb, decoded(whole).rgb) << name;
    }
}

TEST(ImperfectFiles, TheOrientationOfAPngMayStandBehindItsPixels) {
    std::string png = read_text(fixture_folder() / "rgb.png");
    const std::string exif = turned_short.substr(10);
    png.insert(png.size() - 12, "\0\0\0"s + static_cast<char>(exif.size()) + "eXIf" + exif + "\0\0\0\0"s);
    EXPECT_EQ(decoded(png).width, 44);
}

TEST(ImperfectFiles, TheOrientationOfAPngMayComeByXmp) {
    std::string png = read_text(fixture_folder() / "rgb.png");
    const std::string xmp = "XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation=\"6\"/>"s;
    png.insert(33, "\0\0\0"s + static_cast<char>(xmp.size()) + "iTXt" + xmp + "\0\0\0\0"s);
    EXPECT_EQ(decoded(png).width, 44);
}

TEST(ImperfectFiles, ChecksumsOfAPngMayBeWrong) {
    std::string png = read_text(fixture_folder() / "palette.png");
    for (const char* chunk : {"IDAT", "PLTE"}) png[png.find(chunk) - 5] ^= 1;  // of the chunk before it
    EXPECT_EQ(decoded(png).rgb, open_image(fixture_folder() / "palette.png").decode().rgb);
}

TEST(ImperfectFiles, ABmpThatDoesNotSayWhereItsPixelsAreHasThemBehindItsHeader) {
    for (const char* name : {"rgb.bmp", "palette.bmp"}) {
        std::string bmp = read_text(fixture_folder() / name);
        bmp.replace(10, 4, 4, '\0');
        EXPECT_EQ(decoded(bmp).rgb, open_image(fixture_folder() / name).decode().rgb) << name;
    }
}

TEST(ImperfectFiles, ChunksThatClaimTheWholeMemoryEnd) {
    std::string png = read_text(fixture_folder() / "rgb.png");
    png.replace(8, 4, 4, '\xFF');
    EXPECT_NE(refusal_of(png), "");
    std::string webp = read_text(fixture_folder() / "rgba.webp");
    webp.replace(16, 4, 4, '\xFF');
    EXPECT_NE(refusal_of(webp), "");
}

TEST(ImperfectFiles, AGifFrameMayLieBeyondItsCanvasAndBehindStrayBytes) {
    const std::string whole = read_text(fixture_folder() / "palette.gif");
    for (const std::string& screen : {std::string(4, '\0'), "\x0A\0\x08\0"s, "\x3C\0\0\0"s}) {
        std::string gif = whole;
        gif.replace(6, 4, screen);
        EXPECT_EQ(decoded(gif).rgb, decoded(whole).rgb);
    }
    std::string stray = whole;
    EXPECT_EQ(decoded(stray.insert(stray.find(',', 13 + 32 * 3), 2, '\0')).rgb, decoded(whole).rgb);
    std::string moved = whole;
    const std::size_t frame = moved.find(',', 13 + 32 * 3);
    moved[frame + 1] = 5;  // to the right
    const Pixels shown = decoded(moved);
    EXPECT_EQ(shown.width, 65);
    EXPECT_EQ(shown.height, 44);
    EXPECT_EQ(shown.rgb[0], 255);
}

TEST(ImperfectFiles, AGifWithoutATableOfColoursIsGrey) {
    const std::string gif = "GIF89a\x02\0\x01\0\0\0\0,\0\0\0\0\x02\0\x01\0\0\x02\x02\x44\x0A\0;"s;
    const Pixels shown = decoded(gif);
    ASSERT_EQ(shown.width, 2);
    EXPECT_EQ(shown.rgb[0], shown.rgb[1]);
}

TEST(ImperfectFiles, APictureWithoutPixelsIsRefused) {
    std::string png = read_text(fixture_folder() / "rgb.png");
    png.replace(20, 4, 4, '\0');
    EXPECT_NE(refusal_of(png).find("without pixels"), std::string::npos);
    EXPECT_NE(refusal_of("P6 0 5 255\n").find("without pixels"), std::string::npos);
}

TEST(ImperfectFiles, APnmOfFewerSamplesThanItSaysIsRefused) {
    for (const char* kind : {"P1", "P2", "P3", "P4", "P5", "P6"})
        EXPECT_NE(refusal_of(kind + " 10000 10000 1\n1 0 1"s).find("truncated"), std::string::npos) << kind;
    EXPECT_NE(refusal_of("P3 1 1 255 1 x 3").find("damaged"), std::string::npos);
}

TEST(ImperfectFiles, ABmpOfTheSmallestHeightIsHuge) {
    std::string bmp = read_text(fixture_folder() / "rgb.bmp");
    bmp.replace(22, 4, "\0\0\0\x80"s);  // INT32_MIN, whose negative is no int32
    EXPECT_NE(refusal_of(bmp).find("2147483648"), std::string::npos);
}

TEST(ImperfectFiles, ARawFileIsToldByContentNotByName) {
    // Under the name of a JPEG, and with no preview that can be read.
    const std::string whole = read_text(fixture_folder() / "orientation6.dng");
    EXPECT_EQ(decoded(whole).width, 44);
}

}  // namespace
}  // namespace clipsim
