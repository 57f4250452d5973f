#include "clipsim/search/report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "clipsim/codecs/encode.h"
#include "clipsim/codecs/open_image.h"
#include "clipsim/core/error.h"
#include "clipsim/core/files/own_output.h"
#include "support/grouping_locale.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

QueryResult sample() {
    QueryResult result;
    result.query = "query.jpg";
    result.took_ms = 0.25;
    result.hits = {{1, 12, "/photos/cat/a b.jpg", "cat", 0.93f},
                   {2, 7, "/photos/dog/new\nline\t\"x\".jpg", "dog", 0.5f}};
    return result;
}

std::string report(const std::vector<QueryResult>& results, ReportFormat format,
                   const ReportOptions& options = {}) {
    std::ostringstream out;
    write_report(out, results, format, options);
    return out.str();
}

Pixels picture_of(std::uint8_t shade, int width = 40, int height = 30) {
    return {width, height, std::vector<std::uint8_t>(static_cast<std::size_t>(3 * width * height), shade)};
}

TEST(Report, TsvHasAHeaderAndOneLineAHit) {
    EXPECT_EQ(report({sample()}, ReportFormat::tsv),
              "score\tpath\tlabel\n"
              "0.930000\t/photos/cat/a b.jpg\tcat\n"
              "0.500000\t/photos/dog/new\\nline\\t\"x\".jpg\tdog\n");
    EXPECT_EQ(report({sample(), sample()}, ReportFormat::tsv).find("score", 1), std::string::npos)
        << "one header";
}

TEST(Report, ScoresAreWrittenAsInCWhateverTheLocaleOfProgramAndStream) {
    const GroupingLocale locale;
    QueryResult result = sample();
    result.hits[0].rank = 1234;
    std::ostringstream out;  // takes the program's locale
    write_report(out, std::vector{result}, ReportFormat::tsv);
    EXPECT_NE(out.str().find("\n0.930000\t"), std::string::npos) << out.str();
    EXPECT_NE(report({result}, ReportFormat::table).find("\n1234  0.9300  "), std::string::npos);
}

TEST(Report, PathsAreTheBytesOnDisk) {
    EXPECT_EQ(report({sample()}, ReportFormat::paths),
              "/photos/cat/a b.jpg\n/photos/dog/new\nline\t\"x\".jpg\n");
}

TEST(Report, OfSeveralQueriesEachLineOfTsvAndPathsSaysWhoseItIs) {
    QueryResult unread, other = sample();
    unread.query = "gone\t.jpg";
    unread.error = "cannot read gone.jpg";
    other.hits.resize(1);
    const ReportOptions several{.several = true};
    EXPECT_EQ(report({other, unread}, ReportFormat::tsv, several),
              "score\tpath\tlabel\tquery\n"
              "0.930000\t/photos/cat/a b.jpg\tcat\tquery.jpg\n"
              "\t\t\tgone\\t.jpg\n");
    EXPECT_EQ(report({other, unread}, ReportFormat::paths, several),
              "query.jpg\t/photos/cat/a b.jpg\ngone\\t.jpg\t\n");
    EXPECT_NE(report({unread}, ReportFormat::table, several).find("not answered: cannot read"),
              std::string::npos);
    EXPECT_EQ(nlohmann::json::parse(report({unread}, ReportFormat::json)).at("error"), unread.error);
}

TEST(Report, NothingSteersATerminal) {
    QueryResult result = sample();
    result.query = "\x1b]0;owned\x07";
    result.hits[0].path = "/photos/\x1b[31m\xC2\x9B.jpg";
    result.hits[1].label = "\x1b[2J";
    for (const ReportFormat format : {ReportFormat::table, ReportFormat::tsv, ReportFormat::paths}) {
        const std::string text = report({result}, format, {.terminal = true});
        EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
        EXPECT_EQ(text.find("\xC2\x9B"), std::string::npos) << text;
    }
    EXPECT_NE(report({result}, ReportFormat::paths).find("\x1b[31m"), std::string::npos)
        << "bytes for a pipe";
}

TEST(Report, PathsMayEndInNul) {
    EXPECT_EQ(report({sample()}, ReportFormat::paths, {.line_end = '\0'}),
              std::string("/photos/cat/a b.jpg\0/photos/dog/new\nline\t\"x\".jpg\0", 49));
}

TEST(Report, ColumnsOfTheTableAreAsWideAsTheirText) {
    QueryResult result = sample();
    result.hits[0].label =
        "K\xC3\xA4"
        "fer";
    result.hits[1].label = "beetle";
    const std::string text = report({result}, ReportFormat::table);
    EXPECT_NE(text.find("  K\xC3\xA4"
                        "fer   /photos"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("  beetle  /photos"), std::string::npos) << text;
}

TEST(Report, JsonIsOneObjectAQueryOnOneLine) {
    const std::string text = report({sample(), sample()}, ReportFormat::json);
    std::istringstream lines(text);
    std::string line;
    int objects = 0;
    while (std::getline(lines, line)) {
        const nlohmann::json json = nlohmann::json::parse(line);
        EXPECT_EQ(json.at("query"), "query.jpg");
        EXPECT_EQ(json.at("took_ms"), 0.25);
        EXPECT_EQ(json.at("hits").at(0).at("rank"), 1);
        EXPECT_EQ(json.at("hits").at(0).at("id"), 12);
        EXPECT_NEAR(json.at("hits").at(0).at("score").get<double>(), 0.93, 1e-6);
        EXPECT_EQ(json.at("hits").at(1).at("path"), "/photos/dog/new\nline\t\"x\".jpg");
        EXPECT_EQ(json.at("hits").at(1).at("label"), "dog");
        ++objects;
    }
    EXPECT_EQ(objects, 2);
}

TEST(Report, JsonTakesPathsThatAreNoUtf8) {
    QueryResult result = sample();
    result.hits[0].path = "/photos/caf\xe9.jpg";
    const nlohmann::json json = nlohmann::json::parse(report({result}, ReportFormat::json));
    EXPECT_EQ(json.at("hits").at(0).at("path"), "/photos/caf\xef\xbf\xbd.jpg");
}

TEST(Report, TableShowsRankScoreLabelAndPath) {
    const std::string text = report({sample()}, ReportFormat::table);
    EXPECT_NE(text.find("query.jpg"), std::string::npos);
    EXPECT_NE(text.find("   1  0.9300  cat    /photos/cat/a b.jpg\n"), std::string::npos) << text;
    EXPECT_NE(text.find("new\\nline"), std::string::npos) << "one line a hit";
    QueryResult none;
    none.query = "query.jpg";
    EXPECT_NE(report({none}, ReportFormat::table).find("no hits"), std::string::npos);
}

TEST(Report, FormatNamesAreChecked) {
    EXPECT_EQ(parse_report_format("tsv"), ReportFormat::tsv);
    EXPECT_THROW(parse_report_format("xml"), UsageError);
}

class SaveReport : public ::testing::Test {
  protected:
    SaveReport() {
        write_picture(query_, picture_of(10));
        write_picture(folder_ / "cat.png", picture_of(200, 800, 600));
        result_.query = query_.string();
        result_.hits = {{1, 1, folder_ / "cat.png", "cat <&>", 0.9f},
                        {2, 2, folder_ / "gone.png", "dog", 0.8f}};
    }
    void save(const std::string& name, std::uint64_t max_pixels = default_max_pixels) {
        save_report(folder_ / name, std::span(&result_, 1), std::span(&query_, 1), max_pixels);
    }

    TemporaryFolder folder_;
    std::filesystem::path query_ = folder_ / "query.png";
    QueryResult result_;
};

TEST_F(SaveReport, APngShowsTheQueryAndTheHits) {
    save("sheet.png");
    const Pixels sheet = open_image(folder_ / "sheet.png").decode();
    EXPECT_GT(sheet.width, 3 * 192);
    // The hit's shade covers its tile, the query's its own.
    const auto pixels_of = [&](std::uint8_t shade) {
        int count = 0;
        for (std::size_t i = 0; i < sheet.rgb.size(); i += 3) {
            count += sheet.rgb[i] == shade && sheet.rgb[i + 1] == shade && sheet.rgb[i + 2] == shade;
        }
        return count;
    };
    EXPECT_GT(pixels_of(200), 10'000);
    EXPECT_GT(pixels_of(10), 10'000);
}

TEST_F(SaveReport, AnHtmlPageNeedsNothingBesideIt) {
    save("page.HTML");
    const std::string page = read_text(folder_ / "page.HTML");
    EXPECT_EQ(page.rfind("<!doctype html>", 0), 0U);
    EXPECT_NE(page.find("src=\"data:image/jpeg;base64,/9j/"), std::string::npos);
    EXPECT_NE(page.find("cat &lt;&amp;&gt;"), std::string::npos);
    EXPECT_NE(page.find("not readable"), std::string::npos) << "the file that is gone";
    EXPECT_EQ(page.find("src=\"/"), std::string::npos);
}

TEST_F(SaveReport, PicturesOfMorePixelsThanTheConfigAllowsAreNotShown) {
    save("all.html", 800 * 600);
    EXPECT_NE(read_text(folder_ / "all.html").find("src=\"data:image/jpeg;base64,"), std::string::npos);
    save("none.html", 1);
    EXPECT_EQ(read_text(folder_ / "none.html").find("src=\"data:image/jpeg;base64,"), std::string::npos);
}

TEST_F(SaveReport, IsKnownAsOursAgain) {
    EXPECT_FALSE(is_own_output(query_)) << "drawn by a test, without a mark";
    for (const char* name : {"sheet.png", "sheet.jpg", "page.html"}) {
        check_report_name(folder_ / name);
        save(name);
        EXPECT_TRUE(is_own_output(folder_ / name)) << name;
        EXPECT_NO_THROW(check_output(folder_ / name, false));
    }
    EXPECT_THROW(check_report_name("sheet.webp"), UsageError);
}

TEST_F(SaveReport, AnotherExtensionOrAFolderThatCannotBeIsAnError) {
    EXPECT_THROW(save("sheet.gif"), UsageError);
    EXPECT_THROW(save("sheet"), UsageError);
    EXPECT_THROW(save("query.png/sheet.png"), Error);
}

}  // namespace
}  // namespace clipsim::testing
