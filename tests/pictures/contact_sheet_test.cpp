#include "clipsim/pictures/contact_sheet.h"

#include <gtest/gtest.h>

#include "colours.h"

namespace clipsim {
namespace {

using testing::count_of;
using testing::plain;

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

}  // namespace
}  // namespace clipsim
