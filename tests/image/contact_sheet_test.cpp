#include "clipsim/image/contact_sheet.h"

#include <gtest/gtest.h>

#include <cmath>

#include "clipsim/core/error.h"
#include "clipsim/image/decode.h"
#include "image_fixtures.h"

namespace clipsim {
namespace {

using testing::TemporaryFolder;

Pixels plain(int width, int height, std::uint8_t red, std::uint8_t green, std::uint8_t blue) {
    Pixels pixels{width, height, {}};
    for (int i = 0; i < width * height; ++i) pixels.rgb.insert(pixels.rgb.end(), {red, green, blue});
    return pixels;
}

// Pixels of about this colour.
std::size_t count_of(const Pixels& picture, int red, int green, int blue) {
    std::size_t count = 0;
    for (std::size_t i = 0; i + 2 < picture.rgb.size(); i += 3) {
        if (std::abs(picture.rgb[i] - red) < 8 && std::abs(picture.rgb[i + 1] - green) < 8 &&
            std::abs(picture.rgb[i + 2] - blue) < 8) {
            ++count;
        }
    }
    return count;
}

SheetRow row_of(std::size_t hits) {
    SheetRow row{{plain(300, 300, 200, 0, 0), {"query.jpg"}}, {}};
    for (std::size_t i = 0; i < hits; ++i) {
        row.hits.push_back({plain(400, 200, 0, 0, 200), {"1  cat  0.93", "photo.jpg"}});
    }
    return row;
}

TEST(ContactSheet, ShowsTheQueryAndEveryHit) {
    const Pixels sheet = draw_contact_sheet({row_of(3)});
    EXPECT_GT(count_of(sheet, 200, 0, 0), 192U * 192 * 9 / 10);     // square: fills its place
    EXPECT_GT(count_of(sheet, 0, 0, 200), 3U * 192 * 96 * 9 / 10);  // 2:1: keeps its shape
    EXPECT_LT(count_of(sheet, 0, 0, 200), 3U * 192 * 96 * 11 / 10);
    EXPECT_EQ(sheet.rgb.size(), static_cast<std::size_t>(sheet.width) * sheet.height * 3);
}

TEST(ContactSheet, HitsWrapAfterFive) {
    const Pixels five = draw_contact_sheet({row_of(5)}), six = draw_contact_sheet({row_of(6)});
    EXPECT_EQ(five.width, six.width);
    EXPECT_GT(six.height, five.height + 192);
}

TEST(ContactSheet, RowsStandBelowEachOther) {
    const Pixels one = draw_contact_sheet({row_of(2)}), two = draw_contact_sheet({row_of(2), row_of(0)});
    EXPECT_GT(two.height, one.height + 192);
    EXPECT_GT(count_of(two, 200, 0, 0), count_of(one, 200, 0, 0) * 9 / 5);
}

TEST(ContactSheet, OddInputIsDrawnAllTheSame) {
    SheetRow row{{Pixels{}, {"na\xC3\xAFve \xE7\x8C\xAB", std::string(500, 'w'), "", "new\nline"}}, {}};
    row.hits.push_back({plain(1, 1, 9, 9, 9), {}});
    row.hits.push_back({plain(4000, 1, 9, 9, 9), {"wide"}});
    row.hits.push_back({plain(1, 4000, 9, 9, 9), {"tall"}});
    EXPECT_GT(draw_contact_sheet({row}).height, 192);
    EXPECT_GT(draw_contact_sheet({}).height, 0);
}

TEST(ContactSheet, LongCaptionsDoNotRunIntoTheNeighbour) {
    SheetRow narrow = row_of(1), wide = row_of(1);
    wide.query.caption = {std::string(300, 'm')};
    EXPECT_EQ(draw_contact_sheet({narrow}).width, draw_contact_sheet({wide}).width);
    const Pixels sheet = draw_contact_sheet({wide});
    // Between the query's frame and the hit's no ink, at the height of the caption.
    const int gap_x = 28 + 192 + 12;
    for (int y = 28 + 192 + 8; y < sheet.height; ++y) {
        EXPECT_EQ(sheet.rgb[(static_cast<std::size_t>(y) * sheet.width + gap_x) * 3], 255) << "row " << y;
    }
}

TEST(Charts, ALineIsDrawnForEachSeries) {
    const ChartSeries falling{"loss", {1, 2, 3, 4}, {0.9, 0.5, 0.3, 0.2}},
        rising{"recall", {1, 2, 3, 4}, {0.1, 0.2, 0.5, 0.9}};
    const Pixels both = draw_charts({{"loss", "epoch", {falling, rising}, {2.5}}});
    const Pixels one = draw_charts({{"loss", "epoch", {falling}, {}}});
    EXPECT_GT(count_of(both, 38, 110, 217), 300U);
    EXPECT_GT(count_of(both, 222, 99, 32), 300U);
    EXPECT_EQ(count_of(one, 222, 99, 32), 0U);
    EXPECT_EQ(draw_charts({{"a", "x", {falling}, {}}, {"b", "x", {rising}, {}}}).width, 2 * one.width);
}

TEST(Charts, OddValuesAreDrawnAllTheSame) {
    const ChartSeries single{"one", {1}, {0.5}}, flat{"flat", {1, 2, 3}, {1, 1, 1}}, none{"none", {}, {}},
        broken{"nan", {1, 2, 3}, {NAN, INFINITY, 2}}, huge{"huge", {0, 1e6}, {-1e30, 1e30}},
        tiny{"tiny", {1, 2}, {1e-12, 2e-12}}, far{"far", {1e20}, {1e30}};
    for (const ChartSeries& series : {single, flat, none, broken, huge, tiny, far}) {
        EXPECT_GT(draw_charts({{series.name, "epoch", {series}, {-5, 2, NAN}}}).width, 0) << series.name;
    }
    EXPECT_GT(draw_charts({}).width, 0);
}

TEST(WritePicture, PngComesBackAsItWas) {
    const TemporaryFolder folder;
    Pixels picture = plain(5, 3, 10, 20, 30);
    picture.rgb[4] = 99;
    write_picture(folder / "a.png", picture);
    EXPECT_EQ(decode_image(folder / "a.png").rgb, picture.rgb);
    write_picture(folder / "a.jpg", picture);
    EXPECT_EQ(decode_image(folder / "a.jpg").width, 5);
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
