#include "clipsim/text/composed.h"

#include <gtest/gtest.h>

namespace clipsim {
namespace {

TEST(Composed, BothSpellingsBecomeOne) {
    EXPECT_EQ(composed("caf\xC3\xA9"), "caf\xC3\xA9");
    EXPECT_EQ(composed("cafe\xCC\x81"), "caf\xC3\xA9");
    EXPECT_EQ(composed("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "\xED\x95\x9C") << "a Korean syllable";
}

TEST(Composed, LettersThatOnlyLookAlikeStayApart) {
    EXPECT_EQ(composed("\xEF\xAC\x81"), "\xEF\xAC\x81") << "a ligature is not its letters";
    EXPECT_EQ(composed("CAT cat"), "CAT cat");
}

TEST(Composed, WhatIsNoUtf8StaysAsItIs) {
    EXPECT_EQ(composed("latin-\xE9"), "latin-\xE9");
    EXPECT_EQ(composed(std::string_view("a\0b", 3)), std::string("a\0b", 3));
    EXPECT_EQ(composed(""), "");
}

}  // namespace
}  // namespace clipsim
