#include "clipsim/image/image_format.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "image_fixtures.h"

namespace clipsim {
namespace {

using namespace std::string_literals;

std::optional<ImageFormat> format_of(const std::string& bytes) {
    return image_format(std::as_bytes(std::span(bytes)));
}

TEST(ImageFormat, OfEveryFixtureIsTold) {
    const std::map<std::string, ImageFormat> formats{
        {".jpg", ImageFormat::jpeg},      {".jpeg", ImageFormat::jpeg},   {".png", ImageFormat::png},
        {".webp", ImageFormat::webp},     {".bmp", ImageFormat::bmp},     {".tif", ImageFormat::tiff},
        {".tiff", ImageFormat::tiff},     {".gif", ImageFormat::gif},     {".heic", ImageFormat::heif},
        {".avif", ImageFormat::heif},     {".jxl", ImageFormat::jpeg_xl}, {".jp2", ImageFormat::jpeg_2000},
        {".j2k", ImageFormat::jpeg_2000}, {".dng", ImageFormat::tiff},    {".pbm", ImageFormat::pnm},
        {".pgm", ImageFormat::pnm},       {".pnm", ImageFormat::pnm},     {".mpo", ImageFormat::jpeg},
        {".pam", ImageFormat::pnm}};
    for (const std::string& name : testing::fixture_names()) {
        const std::string whole = testing::read_text(testing::fixture_folder() / name);
        const ImageFormat expected = formats.at(std::filesystem::path(name).extension());
        EXPECT_EQ(format_of(whole), expected) << name;
        EXPECT_EQ(format_of(whole.substr(0, image_format_bytes)), expected) << name;
    }
}

TEST(ImageFormat, OfRawFilesThatAreNoTiffs) {
    for (const std::string& start :
         {"FUJIFILMCCD-RAW 0201FF383501"s, "IIU\0\x18\0\0\0"s, "IIRO\x08\0\0\0"s, "MMOR\0\0\0\x08"s,
          "\0\0\0\x18"
          "ftypcrx \0\0\0\1crx isom"s}) {
        EXPECT_EQ(format_of(start), ImageFormat::raw) << ::testing::PrintToString(start);
    }
}

TEST(ImageFormat, ABrandThatAFileIsCompatibleWithCounts) {
    EXPECT_EQ(format_of("\0\0\0\x1C"
                        "ftypMiHB\0\0\0\0MiHBmif1MiHE"s),
              ImageFormat::heif);
    EXPECT_FALSE(
        format_of("\0\0\0\x14"
                  "ftypisom\0\0\0\0mp42"s));
    EXPECT_FALSE(
        format_of("\0\0\0\x10"
                  "ftypisom\0\0\0\0mif1"s));  // behind the box
}

TEST(ImageFormat, OfAnythingElseIsNothing) {
    for (const std::string& bytes :
         {""s, "B"s, "BM"s, "BMW is a maker of cars, and this a text"s, "GIF88a\x01\x00\x01\x00"s, "P5"s,
          "P5,1,2,3"s, "P3 is a vitamin"s, "P7 and P8"s, "RIFF"s, "RIFF....WAVEfmt "s, "II"s, "<svg/>"s,
          "%PDF-1.4"s,
          "\0\0\0\x18"
          "ftyp"s,
          std::string(1000, '\0'), std::string(1000, '\xFF')}) {
        EXPECT_FALSE(format_of(bytes)) << ::testing::PrintToString(bytes.substr(0, 12));
    }
}

}  // namespace
}  // namespace clipsim
