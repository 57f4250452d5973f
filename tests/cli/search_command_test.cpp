// `clipsim search` with what people type: names that are missing, sentences, several queries, files in the
// way.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

using nlohmann::json;

// One index for all tests of this file; they only read it.
class SearchCommand : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        world = new TemporaryFolder;
        draw_photos(*world / "photos", 4);
        for (const char* copy : {"copy.png", "copy2.png"})
            std::filesystem::copy(*world / "photos/red/0.png", *world / "photos/red" / copy);
        for (const char* link : {"link.png", "link2.png"})
            std::filesystem::create_hard_link(*world / "photos/red/0.png", *world / "photos/red" / link);
        std::filesystem::copy(*world / "photos/red/1.png", *world / "photos/red" / escape);
        write_text(*world / "config.json", R"({"data": {"root": "photos"}, "output_dir": "out"} // mine)");
        ASSERT_EQ(clipsim({"index"}).exit_code, 0);
    }
    static void TearDownTestSuite() {
        delete world;
        world = nullptr;
    }

    static Outcome clipsim(std::vector<std::string> arguments, const std::string& input = {}) {
        arguments.insert(arguments.begin() + 1, {"-c", "config.json"});
        return run_clipsim(world->path(), arguments, input);
    }
    static void expect_refusal(const std::vector<std::string>& arguments, const std::string& part) {
        const Outcome outcome = clipsim(arguments);
        EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        EXPECT_NE(outcome.err.find(part), std::string::npos) << outcome.err;
    }

    static constexpr const char* escape = "a\x1b]0;owned\x07.png";
    static inline TemporaryFolder* world = nullptr;
};

TEST_F(SearchCommand, LinksAndCopiesOfTheQueryTakeNoPlaces) {
    for (const char* k : {"1", "4", "12"}) {
        const Outcome outcome = clipsim({"search", "photos/red/0.png", "-k", k, "--format", "paths"});
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_EQ(lines(outcome.out).size(), std::stoul(k));
        EXPECT_EQ(outcome.out.find("copy"), std::string::npos) << outcome.out;
        EXPECT_EQ(outcome.out.find("link"), std::string::npos) << outcome.out;
    }
    const Outcome within =
        clipsim({"search", "photos/red/0.png", "-k", "3", "--format", "paths", "--where", "label=red"});
    EXPECT_EQ(lines(within.out).size(), 3U) << "a filter is kept to";
    const Outcome prompt =
        clipsim({"search", "--interactive", "-k", "2", "--format", "paths"}, "photos/red/0.png\n");
    EXPECT_EQ(lines(prompt.out).size(), 2U);
    const Outcome own =
        clipsim({"search", "photos/red/0.png", "-k", "1", "--include-self", "--format", "json"});
    EXPECT_NEAR(json::parse(own.out)["hits"][0]["score"].get<double>(), 1.0, 1e-3);
}

TEST_F(SearchCommand, AMissingFileIsNoSentence) {
    write_text(*world / "q.txt", "photos/red/1.png\nphotos/gone.png\ngone.jpg\n");
    const std::vector<std::string> batch{"search", "--batch", "q.txt", "-k", "1", "--format", "json"};
    const Outcome outcome = clipsim(batch);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_NE(outcome.err.find("2 images were skipped"), std::string::npos) << outcome.err;
    std::vector<std::string> strict = batch;
    strict.emplace_back("--strict");
    EXPECT_EQ(clipsim(strict).exit_code, 1);
    expect_refusal({"search", "photos/red/1.png", "--add", "gone.jpg"}, "gone.jpg");
    expect_refusal({"search", "photos/red/1.png", "--subtract", "0.5:photos/gone.png"}, "photos/gone.png");
}

TEST_F(SearchCommand, AFoldersNameIsASentence) {
    std::filesystem::create_directory(*world / "ant");
    write_text(*world / "q.txt", "ant\n");
    EXPECT_EQ(clipsim({"search", "--batch", "q.txt", "-k", "1"}).exit_code, 0);
    EXPECT_EQ(clipsim({"search", "photos/red/1.png", "--add", "ant", "-k", "1"}).exit_code, 0);
    const Outcome prompt = clipsim({"search", "--interactive", "-k", "1"}, "ant\n");
    EXPECT_NE(prompt.out.find("ant  ("), std::string::npos) << prompt.out << prompt.err;
}

TEST_F(SearchCommand, AWeightThatIsNoNumberIsPartOfASentence) {
    for (const char* added : {"inf:cat", "Infinity: a film", "nan:cat"}) {
        const Outcome outcome =
            clipsim({"search", "photos/red/1.png", "--add", added, "-k", "2", "--format", "json"});
        ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
        EXPECT_NE(outcome.out.find(added), std::string::npos);
        EXPECT_TRUE(json::parse(outcome.out)["hits"][0]["score"].is_number()) << outcome.out;
    }
    std::vector<std::string> large{"search"};
    for (int i = 0; i < 64; ++i) large.insert(large.end(), {"--add", "3e38:cat"});
    expect_refusal(large, "too large");
}

TEST_F(SearchCommand, EmptySentencesAndEmptyValuesAreRefused) {
    expect_refusal({"search", "--text", ""}, "empty sentence");
    expect_refusal({"search", "--text", "  "}, "empty sentence");
    expect_refusal({"search", "--text=", "photos/red/1.png"}, "--text= has no value");
    expect_refusal({"search", "--add=", "photos/red/1.png"}, "--add= has no value");
    expect_refusal({"embed", "--text", "", "-o", "v.npy"}, "empty sentence");
    write_text(*world / "q.txt", "\"\"\n\nphotos/red/1.png\n");
    const Outcome batch = clipsim({"search", "--batch", "q.txt", "-k", "1", "--format", "json"});
    ASSERT_EQ(lines(batch.out).size(), 2U) << "each line but an empty one is answered";
    EXPECT_NE(json::parse(lines(batch.out)[0])["error"].get<std::string>().find("empty sentence"),
              std::string::npos);
    EXPECT_NE(batch.err.find("empty sentence"), std::string::npos) << batch.err;
}

TEST_F(SearchCommand, OfSeveralQueriesEachLineSaysWhoseItIs) {
    write_text(*world / "q.txt", "\xEF\xBB\xBFphotos/red/1.png\r\n./gone.png\r\na red disc\r\n");
    const Outcome tsv = clipsim({"search", "--batch", "q.txt", "-k", "1", "--format", "tsv"});
    ASSERT_EQ(tsv.exit_code, 0) << tsv.err;
    const std::vector<std::string> rows = lines(tsv.out);
    ASSERT_EQ(rows.size(), 4U);
    EXPECT_EQ(rows[0], "score\tpath\tlabel\tquery");
    EXPECT_TRUE(rows[1].ends_with("\tphotos/red/1.png"));
    EXPECT_EQ(rows[2], "\t\t\t./gone.png");
    EXPECT_TRUE(rows[3].ends_with("\ta red disc"));
    const Outcome paths =
        clipsim({"search", "photos/red/1.png", "photos/blue/1.png", "-k", "1", "--format", "paths", "-0"});
    EXPECT_TRUE(paths.out.starts_with("photos/red/1.png\t/")) << paths.out;
    EXPECT_EQ(std::ranges::count(paths.out, '\0'), 2);
    expect_refusal({"search", "photos/red/1.png", "--print0"}, "--format paths");
}

TEST_F(SearchCommand, NamesWithControlBytesDoNotSteerATerminal) {
    for (const char* format : {"table", "tsv", "json"}) {
        const Outcome outcome = clipsim({"search", "photos/red/1.png", "--include-self", "--format", format});
        EXPECT_EQ(outcome.out.find('\x1b'), std::string::npos) << outcome.out;
        EXPECT_NE(outcome.out.find("owned"), std::string::npos) << outcome.out;
    }
}

TEST_F(SearchCommand, FilesOfOthersAreNotWrittenOver) {
    const std::string photo = read_text(*world / "photos/red/3.png");
    const std::string config = read_text(*world / "config.json");
    const std::vector<std::string> save{"search", "photos/red/1.png", "--save", "photos/red/3.png"};
    expect_refusal(save, "--force");
    EXPECT_EQ(read_text(*world / "photos/red/3.png"), photo);
    expect_refusal({"embed", "photos/red", "-o", "config.npy"}, "config.json is there already");
    EXPECT_EQ(read_text(*world / "config.json"), config);
    for (int again = 0; again < 2; ++again) {
        EXPECT_EQ(clipsim({"search", "photos/red/1.png", "--save", "sheet.jpg"}).exit_code, 0);
        EXPECT_EQ(clipsim({"embed", "photos/red", "-o", "v.npy"}).exit_code, 0);
    }
    EXPECT_EQ(clipsim({"embed", "photos/red", "-o", "v.npy"}).exit_code, 0);
    write_text(*world / "mine.npy", "\x93NUMPY somebody's labels");
    expect_refusal({"vectors", "search", "v.npy", "-o", "mine.npy"}, "--force");
    expect_refusal({"vectors", "search", "v.npy", "-o", "v.npy"}, "named twice");
    expect_refusal({"vectors", "search", "v.npy", "-o", "i.npy", "--scores", "./i.npy"}, "named twice");
    EXPECT_EQ(clipsim({"vectors", "search", "v.npy", "-o", "mine.npy", "--force"}).exit_code, 0);
    expect_refusal({"search", "photos/red/1.png", "--save", "sheet.webp"}, ".png, .jpg or .html");
    expect_refusal({"index", "tune", "--save", "curve.svg"}, ".png or .jpg");
    expect_refusal({"index", "tune", "--save", "photos/red/3.png"}, "--force");
}

TEST_F(SearchCommand, ALabelThatIsNotThereIsNamedWithTheNearest) {
    for (const char* typo : {"label=rde", "label=RED"}) {
        const Outcome outcome = clipsim({"search", "photos/red/1.png", "--where", typo});
        EXPECT_EQ(outcome.exit_code, 0);
        EXPECT_NE(outcome.err.find("did you mean red?"), std::string::npos) << outcome.err;
    }
    const Outcome folder = clipsim({"search", "photos/red/1.png", "--where", "folder=fotos"});
    EXPECT_NE(folder.err.find("no image of the index fits it"), std::string::npos) << folder.err;
    const Outcome right = clipsim({"search", "photos/red/1.png", "--where", "label=red"});
    EXPECT_EQ(right.err.find("warning"), std::string::npos) << right.err;
}

}  // namespace
}  // namespace clipsim::testing
