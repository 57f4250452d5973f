#include "unicode.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

TEST(Unicode, ComposesBeforeItLowersCase) {
    EXPECT_EQ(normalised("E\u0301"), U"\u00e9");
    EXPECT_EQ(normalised("\u212b"), U"\u00e5") << "the Angstrom sign composes to a letter";
}

TEST(Unicode, RunsOfWhiteSpaceAreOneBlank) {
    EXPECT_EQ(normalised("a \t\n\u00a0\u3000b"), U"a b");
    EXPECT_EQ(normalised("\u2028"), U" ");
    EXPECT_EQ(normalised("a\u200bb"), U"a\u200bb") << "the zero-width space is none";
}

TEST(Unicode, TheTurkishCapitalBecomesTwoCharacters) {
    EXPECT_EQ(normalised("\u0130"), U"i\u0307");
}

TEST(Unicode, WhatIsNoUtf8BecomesTheReplacementCharacter) {
    EXPECT_EQ(normalised("a\xc3"), U"a\ufffd");
    EXPECT_EQ(normalised("\xed\xa0\x80"), U"\ufffd\ufffd\ufffd") << "a surrogate";
    EXPECT_EQ(normalised(std::string("a\0b", 3)), (std::u32string{U'a', U'\0', U'b'}));
}

TEST(Unicode, KnowsLettersNumbersAndSpaces) {
    EXPECT_TRUE(is_letter(U'a') && is_letter(U'\u4e2d') && is_letter(U'\u02b0'));
    EXPECT_FALSE(is_letter(U'1') || is_letter(U'_') || is_letter(U'\u0301'));
    EXPECT_TRUE(is_number(U'7') && is_number(U'\u00bd') && is_number(U'\u2167'));
    EXPECT_FALSE(is_number(U'a') || is_number(U' '));
    EXPECT_TRUE(is_space(U'\u0085') && is_space(U'\u1680'));
}

TEST(Unicode, WritesUtf8OfEveryLength) {
    std::string text;
    for (const char32_t character : U"a\u00e9\u4e2d\U0001f600") {
        if (character != 0) append_utf8(text, character);
    }
    EXPECT_EQ(text, "a\u00e9\u4e2d\U0001f600");
}

}  // namespace
}  // namespace clipsim::testing
