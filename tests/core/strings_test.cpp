#include "clipsim/core/strings.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace clipsim {
namespace {

TEST(Strings, AreTrimmedOfBlanksAndLineEnds) {
    EXPECT_EQ(trimmed(" \t a photo of\ta cat \r\n"), "a photo of\ta cat");
    EXPECT_EQ(trimmed("cat"), "cat");
    EXPECT_EQ(trimmed(" \n"), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(Strings, LettersOfAsciiAloneAreMadeSmall) {
    EXPECT_EQ(lower_case(".TIF"), ".tif");
    EXPECT_EQ(lower_case("@[Z"), "@[z");
    EXPECT_EQ(lower_case("\xC3\x89T\xC3\x89"), "\xC3\x89t\xC3\x89") << "bytes of other letters stay";
}

TEST(Strings, TheTildeOfOnesOwnHomeIsExpanded) {
    const std::string home = std::getenv("HOME") == nullptr ? "" : std::getenv("HOME");
    ::setenv("HOME", "/home/ann", 1);
    EXPECT_EQ(expanded_home("~/photos/a.jpg"), "/home/ann/photos/a.jpg");
    EXPECT_EQ(expanded_home("~"), "/home/ann");
    EXPECT_EQ(expanded_home("~bob/a.jpg"), "~bob/a.jpg");
    EXPECT_EQ(expanded_home("a/~/b"), "a/~/b");
    ::unsetenv("HOME");
    EXPECT_EQ(expanded_home("~/a.jpg"), "~/a.jpg");
    if (!home.empty()) ::setenv("HOME", home.c_str(), 1);
}

}  // namespace
}  // namespace clipsim
