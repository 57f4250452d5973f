#include "clipsim/codecs/encode.h"

#include <gtest/gtest.h>

#include "clipsim/codecs/open_image.h"
#include "clipsim/core/error.h"
#include "pictures/colours.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

using testing::plain;
using testing::TemporaryFolder;

TEST(WritePicture, PngComesBackAsItWas) {
    const TemporaryFolder folder;
    Pixels picture = plain(5, 3, 10, 20, 30);
    picture.rgb[4] = 99;
    write_picture(folder / "a.png", picture);
    EXPECT_EQ(open_image(folder / "a.png").decode().rgb, picture.rgb);
    write_picture(folder / "a.jpg", picture);
    EXPECT_EQ(open_image(folder / "a.jpg").decode().width, 5);
}

TEST(WritePicture, OtherExtensionsAndFoldersThatCannotBeWrittenAreErrors) {
    const TemporaryFolder folder;
    EXPECT_THROW(write_picture(folder / "a.docx", plain(2, 2, 0, 0, 0)), UsageError);
    EXPECT_THROW(write_picture(folder / "a", plain(2, 2, 0, 0, 0)), UsageError);
    testing::write_text(folder / "file", "in the way");
    EXPECT_THROW(write_picture(folder / "file" / "a.png", plain(2, 2, 0, 0, 0)), Error);
    EXPECT_THROW(write_picture(folder / "a.png", Pixels{}), Error);
}

}  // namespace
}  // namespace clipsim
