// What a walk leaves out, and says so.
#include <gtest/gtest.h>

#include <set>

#include "clipsim/data/catalogue.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;
using testing::write_text;
using Counts = std::map<std::string, std::size_t>;
using Names = std::set<std::string>;

constexpr const char* jpeg = "\xFF\xD8\xFF\xE0 and so on";

class LeftOut : public ::testing::Test {
  protected:
    LeftOut() { write_text(photos_ / "cat" / "a.jpg", ""); }

    void write(const std::string& name, const std::string& content = "text") {
        write_text(photos_ / name, content);
    }

    Catalogue scan(const ScanOptions& options = {}) const { return scan_catalogue(photos_, options); }

    Names names(const ScanOptions& options = {}) const {
        Names names;
        for (const ImageFile& image : scan(options).images)
            names.insert(image.path.lexically_relative(photos_).string());
        return names;
    }

    TemporaryFolder folder_;
    fs::path photos_ = folder_ / "photos";
};

TEST_F(LeftOut, IsCountedByKindInOneLine) {
    for (const char* name : {"cat/a.MOV", "cat/b.mov", "notes.txt", ".hidden", ".git/x.jpg", "readme"})
        write(name);
    ::testing::internal::CaptureStderr();
    const Catalogue catalogue = scan();
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(catalogue.left_out,
              (Counts{{".mov", 2}, {".txt", 1}, {"hidden", 2}, {"without extension", 1}}));
    EXPECT_NE(text.find("left out: 2 .mov, 2 hidden, 1 .txt, 1 without extension"), std::string::npos)
        << text;
}

TEST_F(LeftOut, NothingIsSaidWhereNothingIs) {
    ::testing::internal::CaptureStderr();
    scan();
    EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

TEST_F(LeftOut, ContentDecidesWhereTheNameSaysNothing) {
    for (const char* name : {"cat/photo", "cat/photo.42", "cat/photo.part", "cat/photo.xmp"})
        write(name, jpeg);
    write("cat/text.42");
    EXPECT_EQ(names(), (Names{"cat/a.jpg", "cat/photo", "cat/photo.42"}));
    EXPECT_EQ(scan().left_out, (Counts{{".42", 1}, {".part", 1}, {".xmp", 1}}));
}

TEST_F(LeftOut, ThumbnailsAndDeletedFilesOfOtherPrograms) {
    for (const char* name :
         {"cat/@eaDir/a.jpg/THUMB.jpg", "#recycle/b.jpg", "__MACOSX/c.jpg", "lost+found/d.jpg"})
        write(name, jpeg);
    EXPECT_EQ(names(), (Names{"cat/a.jpg"}));
    EXPECT_EQ(scan().left_out, (Counts{{"@eaDir", 1}, {"#recycle", 1}, {"__MACOSX", 1}, {"lost+found", 1}}));
}

TEST_F(LeftOut, WhatTheUserExcludes) {
    for (const char* name : {"cat/b.gif", "cat/raw/c.jpg", "dog/raw/d.jpg", "dog/best.gif"})
        write(name, jpeg);
    EXPECT_EQ(names({.exclude = {"*.gif", "!best.gif", "/cat/raw/"}}),
              (Names{"cat/a.jpg", "dog/best.gif", "dog/raw/d.jpg"}));
    write("dog/.clipsimignore", "raw/");
    EXPECT_EQ(names({.exclude = {"*.gif"}}), (Names{"cat/a.jpg", "cat/raw/c.jpg"}));
    EXPECT_EQ(scan({.exclude = {"*.gif"}}).left_out, (Counts{{"excluded", 3}, {"hidden", 1}}));
}

TEST_F(LeftOut, IsTheSameWhereAPartOfTheFoldersIsWalked) {
    for (const char* name : {"cat/raw/b.jpg", "cat/c.jpg"}) write(name, jpeg);
    const ScanOptions options{.exclude = {"/cat/raw"}, .bases = {photos_}};
    EXPECT_EQ(scan_catalogue(photos_ / "cat", options).images.size(), 2U);
    write(".clipsimignore", "/cat/c.jpg");
    EXPECT_EQ(scan_catalogue(photos_ / "cat", options).images.size(), 1U);
}

TEST_F(LeftOut, ExclusionsHoldBehindLinksToo) {
    write_text(folder_ / "disk" / "raw" / "a.jpg", jpeg);
    write_text(folder_ / "disk" / "b.jpg", jpeg);
    fs::create_directory_symlink(folder_ / "disk", photos_ / "disk");
    EXPECT_EQ(names({.exclude = {"/disk/raw"}}), (Names{"cat/a.jpg", "disk/b.jpg"}));
    EXPECT_EQ(names({.exclude = {"disk/"}}), (Names{"cat/a.jpg"}));
}

TEST_F(LeftOut, WhatClipsimWroteHereOrElsewhere) {
    write("output/results/cat.png", jpeg);
    write("output/curves.png", jpeg);
    write("curves.png", jpeg);
    EXPECT_EQ(names({.own = {photos_ / "output", photos_ / "curves.png"}}), (Names{"cat/a.jpg"}));
    // By another config, or another machine.
    write("old index/images.db");
    write("old index/manifest.json");
    write("old index/sheet.png", jpeg);
    write("old run/config.json");
    write("old run/metrics.jsonl");
    write("old run/curves.png", jpeg);
    write("old run/results/cat.png", jpeg);
    EXPECT_EQ(names({.own = {photos_ / "output", photos_ / "curves.png"}}), (Names{"cat/a.jpg"}));
    EXPECT_EQ(scan({.own = {photos_ / "output", photos_ / "curves.png"}}).left_out,
              (Counts{{"of clipsim", 4}}));
}

TEST_F(LeftOut, TheFolderThatIsAskedForIsNot) {
    write("@eaDir/a.jpg");
    EXPECT_EQ(scan_catalogue(photos_ / "@eaDir").images.size(), 1U);
}

}  // namespace
}  // namespace clipsim
