// Which files `clipsim index` takes, under which label, and which it keeps.
#include <gtest/gtest.h>

#include <algorithm>

#include "cli/program.h"
#include "drawn_photos.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

namespace fs = std::filesystem;

class WhatIsIndexed : public ::testing::Test {
  protected:
    WhatIsIndexed() { draw_photos(photos_, 3); }

    Outcome run(std::vector<std::string> arguments) const {
        arguments.insert(arguments.end(), {"--set", "output_dir=out"});
        return run_clipsim(world_.path(), arguments);
    }

    void expect_says(const Outcome& outcome, const std::string& text) const {
        EXPECT_NE((outcome.out + outcome.err).find(text), std::string::npos) << outcome.out << outcome.err;
    }

    std::ptrdiff_t labelled(const std::string& label) const {
        const Outcome found = run(
            {"search", "photos/blue/0.png", "--where", "label=" + label, "-k", "50", "--format", "paths"});
        return std::ranges::count(found.out, '\n');
    }

    TemporaryFolder world_;
    fs::path photos_ = world_ / "photos";
};

TEST_F(WhatIsIndexed, WhatIsLeftOutIsCountedAndNoFaultForStrict) {
    write_text(photos_ / "red/clip.mov", "a video");
    write_text(photos_ / "red/@eaDir/0.png/SYNOPHOTO_THUMB_M.jpg", read_text(photos_ / "red/0.png"));
    fs::copy(photos_ / "red/0.png", photos_ / "red/no extension");
    const Outcome outcome = run({"index", "photos", "--strict", "--exclude", "/blue"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    expect_says(outcome, "left out: 1 .mov, 1 @eaDir, 1 excluded");
    expect_says(outcome, "7 images in the index");
}

TEST_F(WhatIsIndexed, AnExclusionTakesPhotosOutOfTheIndexAndADryRunListsThem) {
    run({"index", "photos"});
    write_text(photos_ / ".clipsimignore", "/blue/");
    const Outcome dry = run({"index", "photos", "--dry-run"});
    expect_says(dry, "leave out\t" + (photos_ / "blue/0.png").string());
    const Outcome outcome = run({"index", "photos", "--strict"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    expect_says(outcome, "0 removed, 3 left out from now on");
    expect_says(outcome, "6 images in the index");
}

TEST_F(WhatIsIndexed, WhatADiskHoldsThatIsAwayIsKept) {
    fs::rename(photos_ / "red", world_ / "disk");
    fs::create_directory_symlink(world_ / "disk", photos_ / "red");
    run({"index", "photos"});
    fs::rename(world_ / "disk", world_ / "away");
    const Outcome away = run({"index", "photos", "--strict"});
    EXPECT_EQ(away.exit_code, 1);
    expect_says(away, "0 removed, 3 not seen but kept");
    expect_says(away, "photos/red");
    const Outcome rebuilt = run({"index", "photos", "--rebuild"});
    EXPECT_EQ(rebuilt.exit_code, 1);
    expect_says(rebuilt, "would lose 3 photos");
    expect_says(run({"index", "photos", "--prune", "--dry-run"}),
                "remove\t" + (photos_ / "red/0.png").string());
    fs::rename(world_ / "away", world_ / "disk");
    expect_says(run({"index", "photos", "--strict"}), "0 embedded, 9 unchanged, 0 renamed, 0 removed;");
    fs::rename(world_ / "disk", world_ / "away");
    expect_says(run({"index", "photos", "--prune"}), "3 removed; 6 images");
}

TEST_F(WhatIsIndexed, ALabelDoesNotDependOnThePartThatWasIndexedLast) {
    run({"index", "photos"});
    for (const std::vector<std::string>& folders : std::vector<std::vector<std::string>>{
             {"photos/red"}, {"photos/red", "photos"}, {"photos/", "photos/red"}, {"./photos/red/"}}) {
        std::vector<std::string> arguments{"index"};
        arguments.insert(arguments.end(), folders.begin(), folders.end());
        const Outcome outcome = run(arguments);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        expect_says(outcome, "9 images in the index");
        EXPECT_EQ(labelled("red"), 3) << folders.front();
    }
}

TEST_F(WhatIsIndexed, WhatTheShellMakesOfAStarIsTheFolder) {
    write_text(photos_ / "notes.txt", "no photo");
    run({"index", "photos/blue", "photos/green", "photos/notes.txt", "photos/red"});
    for (const char* label : {"red", "green", "blue"}) EXPECT_EQ(labelled(label) + (label[0] == 'b'), 3);
}

TEST_F(WhatIsIndexed, AFolderUnderTwoNamesIsIndexedOnce) {
    fs::create_directory_symlink(photos_, world_ / "link");
    run({"index", "photos"});
    const Outcome outcome = run({"index", "link"});
    expect_says(outcome, "0 embedded, 9 unchanged");
    expect_says(outcome, "9 images in the index");
    expect_says(run({"index", "link/red", "photos"}), "9 images in the index");
    fs::rename(photos_ / "red", world_ / "disk");
    fs::create_directory_symlink(world_ / "disk", photos_ / "red");
    run({"index", "photos"});
    expect_says(run({"index", "disk"}), "3 unchanged, 0 renamed, 0 removed; 9 images");
}

TEST_F(WhatIsIndexed, BothSpellingsOfANameAreOneLabel) {
    fs::rename(photos_ / "red", photos_ / "caf\xC3\xA9");
    fs::rename(photos_ / "green", photos_ / "cafe\xCC\x81");
    run({"index", "photos"});
    EXPECT_EQ(labelled("caf\xC3\xA9"), 6);
    EXPECT_EQ(labelled("cafe\xCC\x81"), 6);
}

TEST_F(WhatIsIndexed, CopiesAreNotCalledRenamed) {
    for (const char* name : {"a.png", "b.png", "c.png"})
        fs::copy(photos_ / "red/0.png", photos_ / "red" / name);
    expect_says(run({"index", "photos"}), "9 embedded, 0 unchanged, 0 renamed, 0 removed, 3 copies;");
}

TEST_F(WhatIsIndexed, WhatClipsimWroteIsNoPhoto) {
    const std::vector<std::string> index{"index", ".", "--set", "output_dir=here/output"};
    expect_says(run_clipsim(photos_, index), "9 images in the index");
    write_text(photos_ / "here/output/results/red.png", read_text(photos_ / "red/0.png"));
    const Outcome again = run_clipsim(photos_, index);
    expect_says(again, "9 images in the index");
    expect_says(again, "1 of clipsim");
}

}  // namespace
}  // namespace clipsim::testing
