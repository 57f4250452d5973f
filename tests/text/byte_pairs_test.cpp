#include "byte_pairs.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace clipsim::testing {
namespace {

constexpr std::int32_t unknown = 99;

std::vector<std::int32_t> encode(const BytePairs& pairs, std::string_view word) {
    std::vector<std::int32_t> ids;
    pairs.encode(word, ids);
    return ids;
}

TEST(BytePairs, JoinsTheEarliestLearntPairFirst) {
    const Vocabulary vocabulary{{"a", 0}, {"b", 1}, {"c</w>", 2}, {"ab", 3}, {"bc</w>", 4}, {"abc</w>", 5}};
    EXPECT_EQ(encode({vocabulary, {{"b", "c</w>"}, {"a", "b"}}, unknown}, "abc"),
              (std::vector<std::int32_t>{0, 4}));
    EXPECT_EQ(encode({vocabulary, {{"a", "b"}, {"b", "c</w>"}}, unknown}, "abc"),
              (std::vector<std::int32_t>{3, 2}));
    EXPECT_EQ(encode({vocabulary, {{"b", "c</w>"}, {"a", "bc</w>"}}, unknown}, "abc"),
              (std::vector<std::int32_t>{5}));
}

TEST(BytePairs, OfEqualPairsTheLeftmostIsJoinedFirst) {
    const Vocabulary vocabulary{{"a", 0}, {"a</w>", 1}, {"aa", 2}};
    EXPECT_EQ(encode({vocabulary, {{"a", "a"}}, unknown}, "aaaa"), (std::vector<std::int32_t>{2, 0, 1}));
    EXPECT_EQ(encode({vocabulary, {{"a", "a"}}, unknown}, "aaaaa"), (std::vector<std::int32_t>{2, 2, 1}));
}

TEST(BytePairs, TheEndOfAWordIsAnotherSymbol) {
    const Vocabulary vocabulary{{"a", 0}, {"a</w>", 1}};
    EXPECT_EQ(encode({vocabulary, {}, unknown}, "aa"), (std::vector<std::int32_t>{0, 1}));
}

TEST(BytePairs, BytesOutsideTheVocabularyAreUnknown) {
    const Vocabulary vocabulary{{"a", 0}, {"a</w>", 1}};
    EXPECT_EQ(encode({vocabulary, {}, unknown}, "xa"), (std::vector<std::int32_t>{unknown, 1}));
    EXPECT_EQ(encode({vocabulary, {}, unknown}, ""), std::vector<std::int32_t>{});
}

TEST(BytePairs, AMergeOfNoTokensIsRefusedByName) {
    try {
        const BytePairs pairs({{"a", 0}, {"b", 1}}, {{"a", "b"}}, unknown);
        FAIL() << "it was accepted";
    } catch (const std::invalid_argument& error) {
        EXPECT_NE(std::string(error.what()).find("ab is no token"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace clipsim::testing
