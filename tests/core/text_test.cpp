#include "clipsim/core/text.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/grouping_locale.h"

namespace clipsim {
namespace {

TEST(Printable, OrdinaryNamesAndUtf8StayAsTheyAre) {
    for (const char* name :
         {"", "photos/cat 1.jpg", "\"quoted\" 'too' $HOME \\", "na\xC3\xAFve", "\xE7\x8C\xAB.png",
          "\xF0\x9F\x90\xB1", "\xC2\xA0", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
        EXPECT_EQ(printable(name), name);
    }
}

TEST(Printable, ControlCharactersAreEscaped) {
    EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
    EXPECT_EQ(printable("\x1b[31mred\x7f"), "\\x1B[31mred\\x7F");
    EXPECT_EQ(printable("\xC2\x9B"
                        "31m"),
              "\\xC2\\x9B31m");  // the C1 controls, that some terminals obey
}

// Unicode 15, table 3-7: not what a terminal or a JSON reader can take.
TEST(Printable, BytesThatAreNoUtf8AreEscaped) {
    EXPECT_EQ(printable("caf\xE9.jpg"), "caf\\xE9.jpg");      // Latin-1
    EXPECT_EQ(printable("\xC0\xAF"), "\\xC0\\xAF");           // overlong
    EXPECT_EQ(printable("\xE0\x80\x80"), "\\xE0\\x80\\x80");  // overlong
    EXPECT_EQ(printable("\xF0\x80\x80\x80"), "\\xF0\\x80\\x80\\x80");
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80");           // a surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // beyond Unicode
    EXPECT_EQ(printable("\xE7\x8C"), "\\xE7\\x8C");                    // cut short
    EXPECT_EQ(printable("\x80ok"), "\\x80ok");
}

TEST(Concat, WritesNumbersAsInCWhateverTheProgramsLocale) {
    const testing::GroupingLocale locale;
    EXPECT_EQ(concat("id ", 1234567, ", margin ", 0.5), "id 1234567, margin 0.5");
    TextStream text;
    text << 1234567.25F;
    EXPECT_EQ(text.str(), "1.23457e+06");
}

TEST(NearestName, FindsTheMisspeltOne) {
    const std::vector<std::string> names{"train.epochs", "train.margin", "data.root", "search.top_k"};
    EXPECT_EQ(nearest_name("train.epoch", names), "train.epochs");
    EXPECT_EQ(nearest_name("train.mergin", names), "train.margin");
    EXPECT_EQ(nearest_name("data.rot", names), "data.root");
    EXPECT_EQ(nearest_name("search.topk", names), "search.top_k");
}

TEST(NearestName, SaysNothingWhereNoneIsNear) {
    const std::vector<std::string> names{"train.epochs", "data.root"};
    EXPECT_EQ(nearest_name("colour", names), "");
    EXPECT_EQ(nearest_name("", names), "");
    EXPECT_EQ(nearest_name("train.epochs", std::vector<std::string>{}), "");
}

TEST(NearestName, OfTwoTheNearer) {
    const std::vector<std::string> names{"index.ivf.nlist", "index.ivf.nprobe", "index.ivf.list"};
    EXPECT_EQ(nearest_name("index.ivf.lists", names), "index.ivf.list");
}

TEST(Concat, StreamsItsArguments) {
    EXPECT_EQ(concat("found ", 3, ' ', std::string("images"), ", ", 0.5), "found 3 images, 0.5");
}

}  // namespace
}  // namespace clipsim
