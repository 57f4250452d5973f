#include "split_words.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

using Pieces = std::vector<std::string>;

TEST(SplitWords, LettersDigitsAndTheRestAreApart) {
    EXPECT_EQ(split_words(U"a dog, 42!?"), (Pieces{"a", "dog", ",", "4", "2", "!?"}));
}

TEST(SplitWords, ContractionsStandAlone) {
    EXPECT_EQ(split_words(U"don't we'll it's"), (Pieces{"don", "'t", "we", "'ll", "it", "'s"}));
    EXPECT_EQ(split_words(U"'sun"), (Pieces{"'s", "un"}));
    EXPECT_EQ(split_words(U"''s"), (Pieces{"''", "s"})) << "the first apostrophe begins a run";
}

TEST(SplitWords, CombiningMarksAreNoLetters) {
    EXPECT_EQ(split_words(U"a\u0301b"), (Pieces{"a", "\u0301", "b"}));
}

TEST(SplitWords, SpecialTokensInLowerCaseAreCutFromWhatFollows) {
    EXPECT_EQ(split_words(U"<|endoftext|>!!"), (Pieces{"<|", "endoftext", "|>", "!!"}));
    EXPECT_EQ(split_words(U"<|endofline|>!!"), (Pieces{"<|", "endofline", "|>!!"}));
}

TEST(SplitWords, BlanksAloneGiveNothing) {
    EXPECT_EQ(split_words(U""), Pieces{});
    EXPECT_EQ(split_words(U" "), Pieces{});
}

}  // namespace
}  // namespace clipsim::testing
