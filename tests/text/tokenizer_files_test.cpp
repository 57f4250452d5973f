#include "tokenizer_files.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

class TokenizerFilesTest : public ::testing::Test {
  protected:
    void write(const std::string& vocabulary, const std::string& merges) const {
        write_text(folder_ / "vocab.json", vocabulary);
        write_text(folder_ / "merges.txt", merges);
    }
    std::string refusal() const {
        try {
            read_tokenizer_files(folder_.path());
            return {};
        } catch (const UsageError& error) {
            return error.what();
        }
    }
    TemporaryFolder folder_;
};

TEST_F(TokenizerFilesTest, ReadsVocabularyAndMerges) {
    write(R"({"a": 0, "b</w>": 1, "ab</w>": 2})", "#version: 0.2\r\na b</w>\r\n\n");
    const TokenizerFiles files = read_tokenizer_files(folder_.path());
    EXPECT_EQ(files.vocabulary.at("ab</w>"), 2);
    EXPECT_EQ(files.merges, (Merges{{"a", "b</w>"}}));
}

TEST_F(TokenizerFilesTest, MergesOfAPoundSignAreNoVersionLine) {
    write(R"({"#": 0})", "# #\n# #</w>\n");
    EXPECT_EQ(read_tokenizer_files(folder_.path()).merges, (Merges{{"#", "#"}, {"#", "#</w>"}}));
}

TEST_F(TokenizerFilesTest, MergesInJsonMayBeTextsOrPairs) {
    write_text(folder_ / "tokenizer.json", R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>",
        "vocab": {"a": 0}, "merges": ["a b", ["c", "d"]]}})");
    EXPECT_EQ(read_tokenizer_files(folder_.path()).merges, (Merges{{"a", "b"}, {"c", "d"}}));
}

TEST_F(TokenizerFilesTest, AFolderWithoutOneIsSaidSo) {
    EXPECT_NE(refusal().find("has no tokenizer"), std::string::npos) << refusal();
}

TEST_F(TokenizerFilesTest, DamagedFilesAreNamedWithThePlace) {
    write("{\"a\": ", "");
    EXPECT_NE(refusal().find("vocab.json: not a JSON object"), std::string::npos) << refusal();
    write("{}", "");
    EXPECT_NE(refusal().find("no vocabulary"), std::string::npos) << refusal();
    write(R"({"a": -1})", "");
    EXPECT_NE(refusal().find("\"a\""), std::string::npos) << refusal();
    write(R"({"a": 1e99})", "");
    EXPECT_NE(refusal().find("\"a\""), std::string::npos) << refusal();
    write(R"({"a": 0})", "#version\na\n");
    EXPECT_NE(refusal().find("merge 2"), std::string::npos) << refusal();
    write(R"({"a": 0})", "a b c\n");
    EXPECT_NE(refusal().find("merge 1"), std::string::npos) << refusal();
}

TEST_F(TokenizerFilesTest, AnotherKindOfTokenizerIsRefused) {
    for (const char* json : {R"({})", R"({"model": {"type": "WordPiece", "vocab": {"a": 0}}})",
                             R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})"}) {
        write_text(folder_ / "tokenizer.json", json);
        EXPECT_NE(refusal().find("not a CLIP tokenizer"), std::string::npos) << json << refusal();
    }
    write_text(
        folder_ / "tokenizer.json",
        R"({"model": {"type": "BPE", "end_of_word_suffix": "</w>", "vocab": {"a": 0}, "merges": [7]}})");
    EXPECT_NE(refusal().find("merge 1"), std::string::npos) << refusal();
}

TEST_F(TokenizerFilesTest, DeepNestingIsAnErrorAndNoCrash) {
    write(std::string(10'000'000, '['), "");
    EXPECT_NE(refusal().find("nested too deep"), std::string::npos) << refusal();
}

}  // namespace
}  // namespace clipsim::testing
