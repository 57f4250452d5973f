#include "clipsim/data/catalogue.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>

#include "clipsim/core/error.h"
#include "clipsim/core/text.h"
#include "core/other_user.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

namespace fs = std::filesystem;
using testing::OrdinaryUser;
using testing::TemporaryFolder;
using testing::write_text;

// "cat/a.jpg=cat": the path below the root and the class, "-" where there is none.
std::vector<std::string> listed(const Catalogue& catalogue, const fs::path& root) {
    std::vector<std::string> lines;
    for (const ImageFile& image : catalogue.images) {
        lines.push_back(
            image.path.lexically_relative(root).string() + "=" +
            (image.label < 0 ? "-" : catalogue.classes.at(static_cast<std::size_t>(image.label))));
    }
    return lines;
}

std::vector<std::string> scan(const TemporaryFolder& folder) {
    return listed(scan_catalogue(folder.path()), folder.path());
}

// The message of the UsageError, or "".
template <typename Action>
std::string refusal_of(const Action& action) {
    try {
        action();
    } catch (const UsageError& error) {
        return error.what();
    }
    return "";
}

using Lines = std::vector<std::string>;

TEST(Catalogue, EachSubfolderIsAClass) {
    const TemporaryFolder folder;
    for (const char* name :
         {"dog/b.png", "cat/2.JPG", "cat/1.jpeg", "cat/deep/down/3.webp", "dog/a.gif", "loose.bmp"}) {
        write_text(folder / name, "");
    }
    const Catalogue catalogue = scan_catalogue(folder.path());
    EXPECT_EQ(catalogue.classes, (Lines{"cat", "dog"}));
    EXPECT_EQ(catalogue.root, folder.path());
    EXPECT_EQ(listed(catalogue, folder.path()),
              (Lines{"cat/1.jpeg=cat", "cat/2.JPG=cat", "cat/deep/down/3.webp=cat", "dog/a.gif=dog",
                     "dog/b.png=dog", "loose.bmp=-"}));
}

TEST(Catalogue, OtherFilesHiddenOnesAndEmptyFoldersAreNoClasses) {
    const TemporaryFolder folder;
    for (const char* name : {"cat/a.jpg", "cat/notes.txt", "cat/a.jpg.part", "cat/.hidden.jpg", ".git/b.jpg",
                             "papers/c.pdf", "jpg/noext"}) {
        write_text(folder / name, "");
    }
    fs::create_directories(folder / "empty" / "inside");
    fs::create_directories(folder / "cat" / "folder.jpg");
    ASSERT_EQ(::mkfifo((folder / "cat" / "pipe.jpg").c_str(), 0600), 0);
    EXPECT_EQ(scan(folder), (Lines{"cat/a.jpg=cat"}));
    EXPECT_EQ(scan_catalogue(folder.path()).classes, (Lines{"cat"}));
}

TEST(Catalogue, TheOrderDoesNotDependOnTheOrderOfMaking) {
    const TemporaryFolder one, two;
    Lines names;
    for (int i = 0; i < 60; ++i) names.push_back(concat("c", i % 7, "/", i * 37 % 60, ".jpg"));
    for (const std::string& name : names) write_text(one / name, "");
    std::ranges::reverse(names);
    for (const std::string& name : names) write_text(two / name, "");
    EXPECT_EQ(scan(one), scan(two));
    EXPECT_EQ(scan(one).size(), 60U);
}

TEST(Catalogue, OddNamesAreTakenAsTheyAre) {
    const TemporaryFolder folder;
    const Lines names{"a \"quoted\" one", "new\nline", "na\xC3\xAFve", "latin-\xE9", "-rf", "a=b", "..."};
    for (const std::string& name : names) {
        if (name != "...") write_text(folder / name / (name + ".jpg"), "");
    }
    const Catalogue catalogue = scan_catalogue(folder.path());
    EXPECT_EQ(catalogue.images.size(), names.size() - 1);  // a leading dot hides
    for (const ImageFile& image : catalogue.images) {
        EXPECT_EQ(image.path.stem(), catalogue.classes.at(static_cast<std::size_t>(image.label)));
        EXPECT_TRUE(fs::exists(image.path));
    }
}

TEST(Catalogue, LoopsOfLinksEnd) {
    const TemporaryFolder folder;
    write_text(folder / "cat" / "a.jpg", "");
    fs::create_directory_symlink(folder.path(), folder / "cat" / "up");
    fs::create_directory_symlink(folder / "cat", folder / "aaa");
    fs::create_directory_symlink(folder / "self", folder / "self");
    fs::create_symlink(folder / "two.jpg", folder / "one.jpg");
    fs::create_symlink(folder / "one.jpg", folder / "two.jpg");
    EXPECT_EQ(scan(folder), (Lines{"cat/a.jpg=cat"}));
}

TEST(Catalogue, AFileIsTakenOnceByItsOwnPathHoweverManyLinksLeadThere) {
    const TemporaryFolder folder;
    write_text(folder / "m" / "photo.jpg", "");
    // Before and after it in every order: to the file, to its folder, to a link.
    for (const char* name : {"a", "z"}) {
        fs::create_directories(folder / name);
        fs::create_symlink(folder / "m" / "photo.jpg", folder / name / "link.jpg");
        fs::create_symlink(folder / name / "link.jpg", folder / name / "link to link.jpg");
        fs::create_directory_symlink(folder / "m", folder / name / "folder");
    }
    fs::create_symlink("photo.jpg", folder / "m" / "again.jpg");
    EXPECT_EQ(scan(folder), (Lines{"m/photo.jpg=m"}));
}

TEST(Catalogue, WhatLiesElsewhereIsTakenByTheFirstLinkToIt) {
    const TemporaryFolder folder, elsewhere;
    write_text(elsewhere / "photos" / "a.jpg", "");
    write_text(elsewhere / "photos" / "sub" / "b.jpg", "");
    write_text(elsewhere / "single.png", "");
    write_text(elsewhere / "no extension", "");
    write_text(folder / "cat" / "own.jpg", "");
    fs::create_directory_symlink(elsewhere / "photos", folder / "dog");
    fs::create_directory_symlink(elsewhere / "photos", folder / "later");
    fs::create_symlink(elsewhere / "photos" / "a.jpg", folder / "cat" / "a.jpg");  // its folder is linked too
    fs::create_symlink(elsewhere / "single.png", folder / "cat" / "x.png");
    fs::create_symlink(elsewhere / "single.png", folder / "cat" / "y.png");
    fs::create_symlink(elsewhere / "no extension", folder / "cat" / "named.jpg");
    EXPECT_EQ(scan(folder), (Lines{"cat/named.jpg=cat", "cat/own.jpg=cat", "cat/x.png=cat", "dog/a.jpg=dog",
                                   "dog/sub/b.jpg=dog"}));
}

TEST(Catalogue, CopiesAndHardLinksAreFilesOfTheirOwn) {
    const TemporaryFolder folder;
    write_text(folder / "cat" / "a.jpg", "same");
    write_text(folder / "dog" / "a.jpg", "same");
    fs::create_hard_link(folder / "cat" / "a.jpg", folder / "cat" / "b.jpg");
    EXPECT_EQ(scan(folder).size(), 3U);
}

TEST(Catalogue, BrokenLinksAndLockedFoldersAreSkippedWithAWarning) {
    const TemporaryFolder folder;
    write_text(folder / "cat" / "a.jpg", "");
    write_text(folder / "locked" / "b.jpg", "");
    fs::create_symlink(folder / "gone.jpg", folder / "cat" / "broken.jpg");
    fs::create_directory_symlink(folder / "gone", folder / "disk");
    fs::permissions(folder.path(), fs::perms::all);
    fs::permissions(folder / "locked", fs::perms::none);
    ::testing::internal::CaptureStderr();
    Catalogue found;
    bool ordinary = false;
    {
        const OrdinaryUser user;
        ordinary = static_cast<bool>(user);
        found = scan_catalogue(folder.path());
    }
    const std::string text = ::testing::internal::GetCapturedStderr();
    fs::permissions(folder / "locked", fs::perms::all);
    EXPECT_NE(text.find("broken.jpg"), std::string::npos) << text;
    EXPECT_NE(text.find("disk"), std::string::npos) << text;
    if (!ordinary) GTEST_SKIP() << "can't become an ordinary user";
    EXPECT_EQ(listed(found, folder.path()), (Lines{"cat/a.jpg=cat"}));
    EXPECT_NE(text.find("locked"), std::string::npos) << text;
    EXPECT_EQ(found.unseen.size(), 3U);
}

TEST(Catalogue, ARootThatCannotServeIsNamed) {
    const TemporaryFolder folder;
    EXPECT_NE(refusal_of([&] { scan_catalogue(folder / "absent"); }).find("absent"), std::string::npos);
    write_text(folder / "file.jpg", "");
    EXPECT_NE(refusal_of([&] { scan_catalogue(folder / "file.jpg"); }).find("not a folder"),
              std::string::npos);
    fs::create_directory(folder / "empty");
    const std::string empty = refusal_of([&] { scan_catalogue(folder / "empty"); });
    EXPECT_NE(empty.find("no image"), std::string::npos);
    EXPECT_NE(empty.find("empty"), std::string::npos);
    write_text(folder / "texts" / "cat" / "a.txt", "");
    EXPECT_NE(refusal_of([&] { scan_catalogue(folder / "texts"); }).find("no image"), std::string::npos);
    EXPECT_NE(refusal_of([] { scan_folders({}); }), "");
}

TEST(Catalogue, TheRootMayBeWrittenInManyWays) {
    const TemporaryFolder folder;
    write_text(folder / "photos" / "cat" / "a.jpg", "");
    fs::create_directory_symlink(folder / "photos", folder / "link");
    const std::string base = folder.path().string();
    for (const std::string& root : {base + "/photos", base + "/photos/", base + "/./photos",
                                    base + "/photos/../photos/", base + "/link", base + "/link/"}) {
        const Catalogue catalogue = scan_catalogue(root);
        ASSERT_EQ(catalogue.images.size(), 1U) << root;
        EXPECT_EQ(catalogue.classes, (Lines{"cat"})) << root;
        EXPECT_EQ(catalogue.images[0].label, 0) << root;
    }
}

TEST(Catalogue, SeveralFoldersBecomeOne) {
    const TemporaryFolder folder;
    for (const char* name : {"one/cat/a.jpg", "two/cat/b.jpg", "two/dog/c.jpg", "two/loose.jpg"})
        write_text(folder / name, "");
    const std::vector<fs::path> roots{folder / "two", folder / "one"};
    const Catalogue catalogue = scan_folders(roots);
    EXPECT_EQ(catalogue.classes, (Lines{"cat", "dog"}));
    EXPECT_EQ(listed(catalogue, folder.path()),
              (Lines{"one/cat/a.jpg=cat", "two/cat/b.jpg=cat", "two/dog/c.jpg=dog", "two/loose.jpg=-"}));
    const std::vector<fs::path> with_missing{folder / "one", folder / "absent"};
    EXPECT_NE(refusal_of([&] { scan_folders(with_missing); }).find("absent"), std::string::npos);
}

TEST(Catalogue, FoldersThatOverlapGiveEachImageOnce) {
    const TemporaryFolder folder;
    write_text(folder / "cat" / "small" / "a.jpg", "");
    write_text(folder / "dog" / "b.jpg", "");
    const std::vector<fs::path> roots{folder.path(), folder / "cat", folder.path(), folder / "."};
    EXPECT_EQ(listed(scan_folders(roots), folder.path()), (Lines{"cat/small/a.jpg=cat", "dog/b.jpg=dog"}));
}

TEST(Catalogue, WhatClipsimDrewIsNoPhotoWhereverItLies) {
    const TemporaryFolder folder;
    const std::string sheet = std::string("\x89PNG\r\n\x1A\n") + std::string("tEXtSoftware\0clipsim", 20);
    write_text(folder / "cat" / "a.jpg", "");
    write_text(folder / "cat" / "hits of a.png", sheet);
    const Catalogue catalogue = scan_catalogue(folder.path());
    EXPECT_EQ(listed(catalogue, folder.path()), (Lines{"cat/a.jpg=cat"}));
    EXPECT_EQ(describe_left_out(catalogue.left_out), "1 drawn by clipsim");
    EXPECT_EQ(scan_catalogue(folder.path(), {.look_for_drawn = false}).images.size(), 2U);
}

TEST(Catalogue, TheWalkCanBeStoppedAtAnyEntry) {
    const TemporaryFolder folder;
    for (const char* name : {"cat/a.txt", "cat/b.txt", "dog/c.jpg"}) write_text(folder / name, "");
    const std::vector<fs::path> roots{folder.path()};
    int met = 0;
    scan_folders(roots, {.on_entry = [&] { ++met; }});
    EXPECT_EQ(met, 5) << "folders and files, whatever they are";
    EXPECT_THROW(scan_folders(roots, {.on_entry = [] { throw Interrupted("stopped"); }}), Interrupted);
}

}  // namespace
}  // namespace clipsim
