#include "search_prompt.h"

#include <gtest/gtest.h>

namespace clipsim::cli {
namespace {

TEST(SearchPrompt, TakesBlanksAndOnePairOfQuotesOff) {
    EXPECT_EQ(unquoted("  photo one.jpg \t"), "photo one.jpg");
    EXPECT_EQ(unquoted("'a b.jpg'"), "a b.jpg");
    EXPECT_EQ(unquoted("\"a b.jpg\"\r"), "a b.jpg");
    EXPECT_EQ(unquoted("it's.jpg"), "it's.jpg");
    EXPECT_EQ(unquoted("\"half.jpg"), "\"half.jpg");
    EXPECT_EQ(unquoted("   "), "");
    EXPECT_EQ(unquoted("''"), "");
}

}  // namespace
}  // namespace clipsim::cli
