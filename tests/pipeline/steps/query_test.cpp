#include "clipsim/pipeline/steps/query.h"

#include <gtest/gtest.h>

#include "clipsim/core/strings.h"

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using Kind = QueryTerm::Kind;

class QueryLine : public ::testing::Test {
  protected:
    QueryLine() {
        write_text(folder_ / "my cat.jpg", "");
        previous_ = std::filesystem::current_path();
        std::filesystem::current_path(folder_.path());
    }
    ~QueryLine() override { std::filesystem::current_path(previous_); }

    TemporaryFolder folder_;
    std::filesystem::path previous_;
};

TEST_F(QueryLine, IsAPathIfSuchAFileExistsAndElseASentence) {
    EXPECT_EQ(parse_term("my cat.jpg").kind, Kind::image);
    EXPECT_EQ(parse_term("  my cat.jpg\t\r").value, "my cat.jpg");
    EXPECT_EQ(parse_term("my dog").kind, Kind::sentence);
    EXPECT_EQ(parse_term("a dog on grass").value, "a dog on grass");
}

TEST_F(QueryLine, DotSlashMakesAPathAndQuotesASentence) {
    EXPECT_EQ(parse_term("./my dog.jpg").kind, Kind::image);
    EXPECT_EQ(parse_term("../x").kind, Kind::image);
    EXPECT_EQ(parse_term("/nowhere/x.jpg").kind, Kind::image);
    EXPECT_EQ(parse_term("~/x.jpg").kind, Kind::image);
    EXPECT_EQ(parse_term("~/x.jpg").value, expanded_home("~/x.jpg")) << "no shell has done it";
    EXPECT_EQ(parse_term("\"my cat.jpg\"").kind, Kind::sentence);
    EXPECT_EQ(parse_term("\"my cat.jpg\"").value, "my cat.jpg");
}

TEST_F(QueryLine, ShellsPutSingleQuotesAroundPaths) {
    EXPECT_EQ(parse_term("'my cat.jpg'").kind, Kind::image);
    EXPECT_EQ(parse_term("'my cat.jpg'").value, "my cat.jpg");
    EXPECT_EQ(parse_term("it's a cat").value, "it's a cat");
}

TEST_F(QueryLine, ThatEndsLikeAPictureIsAPathThereOrNot) {
    for (const char* missing : {"my dog.jpg", "photos/dog.PNG", "'my dog.jpg'"})
        EXPECT_EQ(parse_term(missing).kind, Kind::image) << missing;
    EXPECT_EQ(parse_weighted_term("0.5:gone.jpg").kind, Kind::image);
    EXPECT_EQ(parse_term("\"my dog.jpg\"").kind, Kind::sentence);
    EXPECT_EQ(parse_term("black/white cat").kind, Kind::sentence);
}

TEST_F(QueryLine, AFoldersNameIsNoPathToAPicture) {
    std::filesystem::create_directories(folder_ / "ant/nest");
    EXPECT_EQ(parse_term("ant").kind, Kind::sentence);
    EXPECT_EQ(parse_weighted_term("2:ant").kind, Kind::sentence);
    for (const char* path : {"./ant", "ant/", "ant/nest"})
        EXPECT_EQ(parse_term(path).kind, Kind::image) << path;
}

TEST_F(QueryLine, BlanksAreNothing) {
    EXPECT_EQ(parse_term("  \t").value, "");
    EXPECT_EQ(parse_term("\"").value, "\"") << "half a pair of quotes is no pair";
}

TEST_F(QueryLine, AWeightStandsBeforeAColon) {
    EXPECT_EQ(parse_weighted_term("cartoon").weight, 1);
    EXPECT_EQ(parse_weighted_term("0.5:cartoon").weight, 0.5F);
    EXPECT_EQ(parse_weighted_term("0.5:cartoon").value, "cartoon");
    EXPECT_EQ(parse_weighted_term("2:my cat.jpg").kind, Kind::image);
    EXPECT_EQ(parse_weighted_term("note: a cat").value, "note: a cat");
    EXPECT_EQ(parse_weighted_term("-1:cat").value, "-1:cat") << "no weight, so part of the sentence";
    for (const char* sentence : {"inf:cat", "Infinity: a film", "nan:cat", "0:cat", "1e999:cat", ":cat"}) {
        EXPECT_EQ(parse_weighted_term(sentence).value, sentence);
        EXPECT_EQ(parse_weighted_term(sentence).weight, 1);
    }
    EXPECT_THROW(parse_weighted_term("0.5:"), UsageError);
    EXPECT_THROW(parse_weighted_term("\" \""), UsageError);
    EXPECT_THROW(parse_weighted_term(" "), UsageError);
}

TEST(Query, AnEmptySentenceIsRefused) {
    EXPECT_THROW(sentence_query(""), UsageError);
    EXPECT_THROW(sentence_query(" \t"), UsageError);
}

TEST(Query, CombinedTellsItsPartsInItsName) {
    const Query plain = combined(sentence_query("a cat"), {}, {});
    EXPECT_EQ(plain.name, "a cat");
    const Query query =
        combined(image_query("cat.jpg"), {{Kind::sentence, "snow", 1}}, {{Kind::sentence, "cartoon", 0.5F}});
    EXPECT_EQ(query.name, "cat.jpg + \"snow\" - 0.5 \"cartoon\"");
    ASSERT_EQ(query.terms.size(), 3U);
    EXPECT_EQ(query.terms[2].weight, -0.5F);
    EXPECT_TRUE(query.has_sentence());
    EXPECT_EQ(query.images(), std::vector<std::filesystem::path>{"cat.jpg"});
}

}  // namespace
}  // namespace clipsim::testing
