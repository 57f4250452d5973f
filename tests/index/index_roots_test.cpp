#include "clipsim/index/index_roots.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "temporary_folder.h"

namespace clipsim {
namespace {

namespace fs = std::filesystem;
using testing::TemporaryFolder;
using testing::write_text;
using Paths = std::vector<fs::path>;

TEST(IndexRoots, ALabelIsTheFirstFolderBelowTheOutermost) {
    const IndexRoots roots(Paths{"/photos/ant", "/photos", "/more"});
    EXPECT_EQ(roots.folders(), (Paths{"/more", "/photos"}));
    EXPECT_EQ(roots.label_of("/photos/ant/x.jpg"), "ant");
    EXPECT_EQ(roots.label_of("/photos/ant/deep/x.jpg"), "ant");
    EXPECT_EQ(roots.label_of("/photos/x.jpg"), "");
    EXPECT_EQ(roots.label_of("/photos too/ant/x.jpg"), std::nullopt);
}

TEST(IndexRoots, ALabelDoesNotDependOnOrderOrSpelling) {
    const Paths images{"/photos/ant/1.jpg", "/photos/ant/2.jpg", "/photos/bee/1.jpg"};
    const std::vector<std::vector<Paths>> ways{
        {{"/photos"}},
        {{"/photos/ant", "/photos/bee"}},
        {{"/photos/ant"}, {"/photos/bee"}},
        {{"/photos/bee"}, {"/photos/ant"}},
        {{"/photos/ant"}, {"/photos"}},
        {{"/photos"}, {"/photos/ant"}},
        {{"/photos/ant", "/photos"}},
    };
    for (const std::vector<Paths>& way : ways) {
        IndexRoots roots;
        for (const Paths& folders : way) roots.add(folders, images);
        EXPECT_EQ(roots.label_of("/photos/ant/1.jpg"), "ant");
        EXPECT_EQ(roots.label_of("/photos/bee/deep/1.jpg"), "bee");
        const IndexRoots kept(roots.folders());
        EXPECT_EQ(kept.label_of("/photos/ant/1.jpg"), "ant");
        EXPECT_EQ(kept.folders(), roots.folders());
    }
}

TEST(IndexRoots, FoldersOfClassesLabelNothingBesideThem) {
    IndexRoots roots;
    roots.add(Paths{"/home/holiday", "/home/work"}, Paths{"/home/holiday/1.jpg", "/home/work/1.jpg"});
    roots.add(Paths{"/home/x/photos"}, Paths{"/home/x/photos/cat/1.jpg"});
    EXPECT_EQ(roots.folders(), (Paths{"/home/holiday/", "/home/work/", "/home/x/photos"}));
    EXPECT_EQ(roots.label_of("/home/x/photos/cat/1.jpg"), "cat");
    EXPECT_EQ(roots.label_of("/home/holiday/1.jpg"), "holiday");
}

TEST(IndexRoots, FoldersOfClassesBesideEachOtherStayRoots) {
    IndexRoots roots;
    roots.add(Paths{"/one", "/two"},
              Paths{"/one/cat/a.jpg", "/two/cat/b.jpg", "/two/dog/c.jpg", "/two/loose.jpg"});
    EXPECT_EQ(roots.folders(), (Paths{"/one", "/two"}));
    EXPECT_EQ(roots.label_of("/two/dog/c.jpg"), "dog");
}

TEST(IndexRoots, BothSpellingsOfALetterAreOneLabel) {
    const IndexRoots roots(Paths{"/photos"});
    EXPECT_EQ(roots.label_of("/photos/caf\xC3\xA9/x.jpg"), roots.label_of("/photos/cafe\xCC\x81/x.jpg"));
    EXPECT_EQ(roots.label_of("/photos/latin-\xE9/x.jpg"), "latin-\xE9") << "no UTF-8: as it is";
}

TEST(IndexRoots, AFolderHasTheNameThatItHadBefore) {
    const TemporaryFolder folder;
    write_text(folder / "photos" / "ant" / "x.jpg", "");
    write_text(folder / "photos" / "bee" / "x.jpg", "");
    fs::create_directory_symlink(folder / "photos", folder / "link");
    const IndexRoots by_name(Paths{folder / "photos"}), by_link(Paths{folder / "link"}),
        inside(Paths{folder / "photos" / "ant"});
    EXPECT_EQ(by_name.known_name(folder / "link"), folder / "photos");
    EXPECT_EQ(by_name.known_name(folder / "link" / "ant"), folder / "photos" / "ant");
    EXPECT_EQ(by_name.known_name(folder / "photos"), folder / "photos");
    EXPECT_EQ(by_link.known_name(folder / "photos" / "ant"), folder / "link" / "ant");
    EXPECT_EQ(inside.known_name(folder / "link"), folder / "photos");
    EXPECT_EQ(inside.known_name(folder / "link" / "bee"), folder / "photos" / "bee");
    EXPECT_EQ(by_name.known_name(folder / "absent" / "x"), folder / "absent" / "x");
    fs::create_directory_symlink(folder / "disk", folder / "photos" / "disk");
    write_text(folder / "disk" / "deep" / "x.jpg", "");
    EXPECT_EQ(by_name.known_name(folder / "disk" / "deep", {folder / "photos" / "disk"}),
              folder / "photos" / "disk" / "deep");
}

TEST(IndexRoots, OfAnOlderIndexAreToldByItsLabels) {
    const auto image = [](const char* path, const char* label) {
        StoredImage stored;
        stored.path = path;
        stored.label = label;
        return stored;
    };
    const std::vector<StoredImage> images{image("/home/ant/photos/ant/deep/x.jpg", "ant"),
                                          image("/home/ant/photos/bee/x.jpg", "bee"),
                                          image("/home/ant/photos/x.jpg", "")};
    EXPECT_EQ(IndexRoots::told_by_labels(images).folders(), Paths{"/home/ant/photos"});
    EXPECT_TRUE(IndexRoots::told_by_labels({}).folders().empty());
}

TEST(IndexRoots, PathsOfAnyBytesAreLinesOfAscii) {
    const Paths paths{"/photos", "/a b/\n%41/\xE9\xFF", "/caf\xC3\xA9"};
    const std::string lines = encode_paths(paths);
    EXPECT_TRUE(std::ranges::all_of(lines, [](char c) { return c == '\n' || (c > ' ' && c < 0x7F); }));
    EXPECT_EQ(decode_paths(lines), paths);
    EXPECT_TRUE(decode_paths("").empty());
}

}  // namespace
}  // namespace clipsim
