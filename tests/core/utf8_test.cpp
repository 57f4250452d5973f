#include "clipsim/core/utf8.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"

namespace clipsim {
namespace {

TEST(Utf8, IsToldFromOtherBytes) {
    EXPECT_TRUE(is_utf8(""));
    EXPECT_TRUE(is_utf8("caf\xC3\xA9 \xE7\x8C\xAB \xF0\x9F\x90\x88"));
    EXPECT_FALSE(is_utf8("caf\xE9"));
    EXPECT_FALSE(is_utf8("cut off \xE7\x8C"));
    EXPECT_FALSE(is_utf8("\xED\xA0\x80")) << "half of a surrogate pair";
}

TEST(Utf8, MarksOfEditorsAndOfOtherSystemsAreNoText) {
    EXPECT_EQ(without_bom("\xEF\xBB\xBF"
                          "a cat",
                          "list"),
              "a cat");
    EXPECT_EQ(without_bom("a cat", "list"), "a cat");
    EXPECT_EQ(line_of_list("a cat\r"), "a cat");
    EXPECT_EQ(line_of_list("a cat"), "a cat");
    EXPECT_THROW(without_bom({"\xFF\xFE"
                              "a\0",
                              4},
                             "list"),
                 UsageError);
}

}  // namespace
}  // namespace clipsim
