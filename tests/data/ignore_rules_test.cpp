#include "ignore_rules.h"

#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace clipsim {
namespace {

using testing::TemporaryFolder;
using testing::write_text;
using Lines = std::vector<std::string>;

// Whether the globs leave out a path below the root; a folder where it ends in a slash.
bool leaves_out(const Lines& globs, const std::string& path) {
    const auto rules = rules_of_root("root", "root", globs);
    return left_out_by(*rules, names_in("root/" + path), path.ends_with('/')) != nullptr;
}

TEST(IgnoreRules, ANameFitsAtAnyDepth) {
    for (const char* path : {"a.gif", "deep/down/a.gif"}) EXPECT_TRUE(leaves_out({"*.gif"}, path)) << path;
    EXPECT_FALSE(leaves_out({"*.gif"}, "a.gif.jpg"));
    EXPECT_TRUE(leaves_out({"IMG_00[0-4]?.jpg"}, "x/IMG_0037.jpg"));
    EXPECT_FALSE(leaves_out({"IMG_00[0-4]?.jpg"}, "x/IMG_0057.jpg"));
    EXPECT_TRUE(leaves_out({"a b"}, "x/a b"));
    EXPECT_TRUE(leaves_out({"\\*"}, "*"));
    EXPECT_FALSE(leaves_out({"\\*"}, "a"));
}

TEST(IgnoreRules, ASlashAtTheEndIsForFoldersAlone) {
    EXPECT_TRUE(leaves_out({"raw/"}, "x/raw/"));
    EXPECT_FALSE(leaves_out({"raw/"}, "x/raw"));
    EXPECT_TRUE(leaves_out({"raw"}, "x/raw/"));
    EXPECT_TRUE(leaves_out({"raw"}, "x/raw"));
}

TEST(IgnoreRules, ASlashElsewhereAnchorsAPattern) {
    EXPECT_TRUE(leaves_out({"/raw"}, "raw/"));
    EXPECT_FALSE(leaves_out({"/raw"}, "x/raw/"));
    EXPECT_TRUE(leaves_out({"x/raw"}, "x/raw/"));
    EXPECT_FALSE(leaves_out({"x/raw"}, "y/x/raw/"));
    EXPECT_FALSE(leaves_out({"x/*"}, "x/y/z")) << "a star does not stand for a slash";
}

TEST(IgnoreRules, TwoStarsAreAnyFolders) {
    for (const char* path : {"raw/", "x/raw/", "x/y/raw/"}) EXPECT_TRUE(leaves_out({"**/raw"}, path)) << path;
    EXPECT_TRUE(leaves_out({"x/**"}, "x/y/z"));
    EXPECT_FALSE(leaves_out({"x/**"}, "x/"));
    for (const char* path : {"x/raw", "x/a/raw", "x/a/b/raw"})
        EXPECT_TRUE(leaves_out({"x/**/raw"}, path)) << path;
    EXPECT_FALSE(leaves_out({"x/**/raw"}, "y/x/raw"));
}

TEST(IgnoreRules, LaterRulesWinAndMayTakeBack) {
    EXPECT_FALSE(leaves_out({"*.gif", "!best.gif"}, "best.gif"));
    EXPECT_TRUE(leaves_out({"*.gif", "!best.gif"}, "a.gif"));
    EXPECT_TRUE(leaves_out({"!best.gif", "*.gif"}, "best.gif"));
    EXPECT_TRUE(leaves_out({"\\!odd"}, "!odd"));
}

TEST(IgnoreRules, HiddenNamesAndOtherProgramsFoldersAreLeftOutUnlessTakenBack) {
    for (const char* path : {".git/", "x/.a.jpg", "@eaDir/", "x/#recycle/", "$RECYCLE.BIN/", "lost+found/",
                             "System Volume Information/", "__MACOSX/", ".thumbnails/"}) {
        EXPECT_TRUE(leaves_out({}, path)) << path;
    }
    EXPECT_FALSE(leaves_out({}, "x/y.jpg"));
    EXPECT_FALSE(leaves_out({"!.hidden/"}, ".hidden/"));
    EXPECT_FALSE(leaves_out({"!@eaDir"}, "@eaDir/"));
    const auto rules = rules_of_root("root", "root", {});
    EXPECT_EQ(*left_out_by(*rules, names_in("root/x/@eaDir"), true), "@eaDir");
    EXPECT_EQ(*left_out_by(*rules, names_in("root/.x"), false), "hidden");
}

TEST(IgnoreRules, BlankLinesAndCommentsAreNone) {
    EXPECT_FALSE(IgnorePattern::parse("", "k"));
    EXPECT_FALSE(IgnorePattern::parse("   ", "k"));
    EXPECT_FALSE(IgnorePattern::parse("# a comment", "k"));
    EXPECT_FALSE(IgnorePattern::parse("/", "k"));
    EXPECT_TRUE(leaves_out({"\\#odd"}, "#odd"));
    EXPECT_TRUE(leaves_out({"trailing  "}, "trailing"));
}

TEST(IgnoreRules, OfAnInnerFileComeAfterThoseOfTheFoldersAbove) {
    const TemporaryFolder folder;
    write_text(folder / ".clipsimignore", "\xEF\xBB\xBF*.gif\r\n/raw/\r\n");
    write_text(folder / "x" / ".clipsimignore", "!best.gif\n/raw");
    const auto root = rules_of_root(folder / "x", folder / "x", {});  // of x alone: those above it hold too
    const auto inner = with_ignore_file(root, folder / "x");
    const auto kind = [&](const std::string& path, bool is_folder) {
        return left_out_by(*inner, names_in(folder / path), is_folder) != nullptr;
    };
    EXPECT_TRUE(kind("x/a.gif", false));
    EXPECT_FALSE(kind("x/best.gif", false));
    EXPECT_TRUE(kind("x/raw", true));
    EXPECT_FALSE(kind("x/y/raw", true));
}

}  // namespace
}  // namespace clipsim
