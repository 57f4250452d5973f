#include "clipsim/image/extension.h"

#include <gtest/gtest.h>

namespace clipsim {
namespace {

TEST(ImageExtension, LetterCaseDoesNotMatter) {
    for (const char* name : {"a.jpg", "a.JPEG",  "a.Png",          "a.webp", "a.BMP", "a.tif",  "a.TIFF",
                             "a.gif", "a.b.jpg", "folder.x/a.jpg", "a.jfif", "a.jpe", "a.HEIC", "a.avif",
                             "a.jxl", "a.jp2",   "a.CR2",          "a.DNG",  "a.pgm", "a.mpo"}) {
        EXPECT_TRUE(has_image_extension(name)) << name;
    }
}

TEST(ImageExtension, OtherFilesAreNoImages) {
    for (const char* name :
         {"", "a", "jpg", ".jpg", "a.", "a.txt", "a.jpg.part", "a.jpg~", "a.svg", "a.jpgx", "a.jpg/b"}) {
        EXPECT_FALSE(has_image_extension(name)) << name;
    }
}

TEST(ImageExtension, OddBytesInNamesDoNoHarm) {
    EXPECT_TRUE(has_image_extension("caf\xE9\n\".jpg"));
    EXPECT_FALSE(has_image_extension("a.jp\xE9g"));
    EXPECT_FALSE(has_image_extension("a.\xFF\xFE"));
}

}  // namespace
}  // namespace clipsim
