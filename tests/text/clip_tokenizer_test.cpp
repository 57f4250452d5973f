#include "clip_tokenizer.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

const std::filesystem::path fixtures = std::filesystem::path(CLIPSIM_FIXTURES) / "text";
constexpr std::size_t context_length = 77;

// Lines of [string, ids]: see make_text_fixtures.py.
std::size_t compare_with_corpus(const Tokenizer& tokenizer, const std::filesystem::path& corpus) {
    std::ifstream in(corpus);
    std::size_t lines = 0;
    int wrong = 0;
    for (std::string line; std::getline(in, line) && wrong < 5; ++lines) {
        const nlohmann::json expected = nlohmann::json::parse(line);
        const auto text = expected[0].get<std::string>();
        const auto ids = expected[1].get<std::vector<std::int32_t>>();
        const bool same = tokenizer.encode(text, context_length).ids == ids;
        EXPECT_TRUE(same) << line;
        wrong += same ? 0 : 1;
    }
    return lines;
}

TEST(ClipTokenizer, GivesHuggingFacesIdsForTheWholeCorpus) {
    EXPECT_GE(compare_with_corpus(ClipTokenizer(fixtures / "vocabulary"), fixtures / "corpus.jsonl"), 5000u);
}

TEST(ClipTokenizer, ReadsOneFileAsWellAsTwo) {
    EXPECT_GE(
        compare_with_corpus(ClipTokenizer(fixtures / "single_file"), fixtures / "single_file_corpus.jsonl"),
        400u);
}

TEST(ClipTokenizer, CutsWhatIsTooLongAndKeepsTheEnd) {
    const ClipTokenizer tokenizer(fixtures / "vocabulary");
    const TokenIds whole = tokenizer.encode("a photo of a small dog", 8);
    EXPECT_FALSE(whole.cut);
    const TokenIds cut = tokenizer.encode("a photo of a small dog", 7);
    EXPECT_TRUE(cut.cut);
    ASSERT_EQ(cut.ids.size(), 7u);
    EXPECT_EQ(cut.ids.front(), tokenizer.start_of_text());
    EXPECT_EQ(cut.ids.back(), tokenizer.end_of_text());
    EXPECT_TRUE(std::equal(cut.ids.begin(), cut.ids.end() - 1, whole.ids.begin()));
    EXPECT_EQ(tokenizer.encode("anything", 2).ids,
              (std::vector<std::int32_t>{tokenizer.start_of_text(), tokenizer.end_of_text()}));
}

TEST(ClipTokenizer, BytesThatAreNoUtf8CountAsTheReplacementCharacter) {
    const ClipTokenizer tokenizer(fixtures / "vocabulary");
    EXPECT_EQ(tokenizer.encode("a\xff dog", context_length).ids,
              tokenizer.encode("a\xef\xbf\xbd dog", context_length).ids);
}

TEST(ClipTokenizer, AMegabyteWithoutABlankIsCutLikeAnythingElse) {
    const ClipTokenizer tokenizer(fixtures / "vocabulary");
    EXPECT_EQ(tokenizer.encode(std::string(1 << 20, 'x'), context_length).ids.size(), context_length);
}

TEST(ClipTokenizer, TheModelInTheBoxHasOne) {
    const ClipTokenizer tokenizer(std::filesystem::path(CLIPSIM_SOURCE_DIR) / "models" / "clip-nano");
    EXPECT_EQ(tokenizer.vocabulary_size(), 1515u);
    EXPECT_GT(tokenizer.encode("a photo of a butterfly", 32).ids.size(), 2u);
}

TEST(ClipTokenizer, IsTheOneThatAModelOfItsKindComesWith) {
    const auto tokenizer = read_tokenizer(TokenizerKind::clip, fixtures / "vocabulary");
    EXPECT_EQ(tokenizer->encode("a dog", context_length).ids,
              ClipTokenizer(fixtures / "vocabulary").encode("a dog", context_length).ids);
    EXPECT_TRUE(has_tokenizer(TokenizerKind::clip, fixtures / "vocabulary"));
    EXPECT_TRUE(has_tokenizer(TokenizerKind::clip, fixtures / "single_file"));
    EXPECT_FALSE(has_tokenizer(TokenizerKind::clip, fixtures));
}

TEST(ClipTokenizer, AVocabularyWithoutEndOfTextIsRefused) {
    const TemporaryFolder folder;
    write_text(folder / "vocab.json", R"({"a": 0, "<|startoftext|>": 1})");
    write_text(folder / "merges.txt", "#version: 0.2\n");
    try {
        const ClipTokenizer tokenizer(folder.path());
        FAIL() << "it was accepted";
    } catch (const UsageError& error) {
        EXPECT_NE(std::string(error.what()).find("<|endoftext|>"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace clipsim::testing
