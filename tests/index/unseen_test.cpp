// What was not seen is not gone.
#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "core/other_user.h"
#include "index/updated_index.h"

namespace clipsim::testing {
namespace {

namespace fs = std::filesystem;

class UnseenFiles : public UpdatedIndex {
  protected:
    UnseenFiles() {
        for (const char* name : {"ant/1", "ant/2", "ant/3", "bee/1", "bee/2"}) write(name, name);
        update();
    }

    // Of the images that stay without having been seen, the place that is named; "" where there are none.
    std::string place() {
        const UpdatePlan plan = this->plan();
        return plan.unseen.empty() ? "" : plan.unseen[0].place.lexically_relative(photos_).string();
    }

    std::size_t stored() const { return backend_.open(identity_)->images().size(); }
};

TEST_F(UnseenFiles, OfADeletedFolderStayUntilTheyArePruned) {
    fs::remove_all(photos_ / "ant");
    EXPECT_EQ(place(), "ant");
    EXPECT_EQ(update().removed, 0U);
    EXPECT_EQ(stored(), 5U);
    options_.prune = true;
    EXPECT_EQ(plan().removed.size(), 3U) << "a dry run lists them";
    EXPECT_EQ(stored(), 5U);
    EXPECT_EQ(update().removed, 3U);
    EXPECT_EQ(stored(), 2U);
    expect_whole();
}

TEST_F(UnseenFiles, OfAnEmptyFolderStayAsItMayBeAMountPoint) {
    fs::rename(photos_ / "ant", folder_ / "elsewhere");
    fs::create_directories(photos_ / "ant");
    write("ant/.directory", "what a file manager leaves");
    EXPECT_EQ(place(), "ant");
    EXPECT_EQ(update().removed, 0U);
    fs::remove_all(photos_ / "ant");
    fs::rename(folder_ / "elsewhere", photos_ / "ant");
    const UpdateReport back = update();
    EXPECT_EQ(back.embedded, 0U);
    EXPECT_EQ(back.unchanged, 5U);
}

TEST_F(UnseenFiles, BelowAnEmptyMountPointAreOfIt) {
    write("disk/deep/down/x", "x");
    update();
    fs::remove_all(photos_ / "disk/deep");
    EXPECT_EQ(place(), "disk");
}

TEST_F(UnseenFiles, BehindALinkToWhatIsAwayStayAndAreNotGivenToCopies) {
    fs::rename(photos_ / "ant", folder_ / "disk");
    fs::create_directory_symlink(folder_ / "disk", photos_ / "ant");
    EXPECT_EQ(update().unchanged, 5U);
    fs::rename(folder_ / "disk", folder_ / "away");
    write("bee/copy", "ant/1");
    EXPECT_EQ(place(), "ant");
    const UpdateReport report = update();
    EXPECT_EQ(report.embedded + report.removed, 0U);
    EXPECT_EQ(stored(), 6U);
    fs::rename(folder_ / "away", folder_ / "disk");
    EXPECT_EQ(update().unchanged, 6U);
}

TEST_F(UnseenFiles, WhoseFolderBecameAFileStay) {
    fs::remove_all(photos_ / "ant");
    write_text(photos_ / "ant", "a file");
    EXPECT_EQ(place(), "ant");
}

TEST_F(UnseenFiles, BehindALoopOfLinksStayEvenWhenPruning) {
    fs::remove_all(photos_ / "ant");
    fs::create_directory_symlink(photos_ / "ant", photos_ / "ant");
    options_.prune = true;
    const UpdatePlan plan = this->plan();
    EXPECT_TRUE(plan.removed.empty());
    ASSERT_EQ(plan.unseen.size(), 3U);
    EXPECT_FALSE(plan.unseen[0].prunable);
}

TEST_F(UnseenFiles, OfAFolderThatTheWalkCouldNotListStay) {
    std::vector<IndexCandidate> met = candidates();
    std::erase_if(met, [](const IndexCandidate& file) { return file.label == "ant"; });
    options_.unseen = {photos_ / "ant"};
    options_.prune = true;
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::update));
    const UpdatePlan plan = updater.plan(met, std::vector{photos_}, options_);
    EXPECT_TRUE(plan.removed.empty() && plan.excluded.empty());
    updater.finish();
    EXPECT_EQ(stored(), 5U);
}

TEST_F(UnseenFiles, InAFolderThatMayNotBeSearchedStay) {
    fs::permissions(folder_.path(), fs::perms::all);
    fs::permissions(photos_, fs::perms::all);
    std::vector<IndexCandidate> met = candidates();
    std::erase_if(met, [](const IndexCandidate& file) { return file.label == "ant"; });
    fs::permissions(photos_ / "ant", fs::perms::none);
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::update));
    UpdatePlan plan;
    bool ordinary = false;
    {
        const OrdinaryUser user;
        ordinary = static_cast<bool>(user);
        plan = updater.plan(met, std::vector{photos_}, options_);
    }
    fs::permissions(photos_ / "ant", fs::perms::all);
    if (!ordinary) GTEST_SKIP() << "can't become an ordinary user";
    EXPECT_TRUE(plan.removed.empty() && plan.excluded.empty());
    ASSERT_EQ(plan.unseen.size(), 3U);
    EXPECT_FALSE(plan.unseen[0].prunable);
}

TEST_F(UnseenFiles, ThatCannotBeReadAreNamedAndStay) {
    fs::permissions(folder_.path(), fs::perms::all);
    write("ant/1", "tna/1");  // of the same size, so that it is read
    fs::last_write_time(photos_ / "ant/1", fs::file_time_type::clock::now() + std::chrono::hours(1));
    fs::permissions(photos_ / "ant/1", fs::perms::none);
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::update));
    UpdatePlan plan;
    bool ordinary = false;
    {
        const OrdinaryUser user;
        ordinary = static_cast<bool>(user);
        plan = updater.plan(candidates(), std::vector{photos_});
    }
    fs::permissions(photos_ / "ant/1", fs::perms::all);
    if (!ordinary) GTEST_SKIP() << "can't become an ordinary user";
    ASSERT_EQ(plan.unreadable.size(), 1U);
    EXPECT_EQ(plan.unreadable[0].path, photos_ / "ant/1");
    EXPECT_EQ(updater.finish().total, 5);
}

TEST_F(UnseenFiles, AFolderThatWasRenamedTakesItsVectorsAlong) {
    fs::rename(photos_ / "ant", photos_ / "wasp");
    const UpdateReport report = update();
    EXPECT_EQ(report.renamed, 3U);
    EXPECT_EQ(report.embedded + report.removed, 0U);
    EXPECT_EQ(stored(), 5U);
    EXPECT_EQ(images().at("wasp/1").label, "wasp");
}

TEST_F(UnseenFiles, WhatIsThereAndNoCandidateLeavesTheIndexAsExcluded) {
    std::vector<IndexCandidate> met = candidates();
    std::erase_if(met, [](const IndexCandidate& file) { return file.label == "ant"; });
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::update));
    EXPECT_EQ(updater.plan(met, std::vector{photos_}).excluded.size(), 3U);
    const UpdateReport report = updater.finish();
    EXPECT_EQ(report.excluded, 3U);
    EXPECT_EQ(report.removed, 0U);
    EXPECT_EQ(report.total, 2);
}

TEST_F(UnseenFiles, MoreThanATenthAtOnceIsAskedFor) {
    for (int i = 0; i < 20; ++i) write("many/" + std::to_string(i), "photo " + std::to_string(i));
    update();
    for (int i = 0; i < 5; ++i) fs::remove(photos_ / "many" / std::to_string(i));
    EXPECT_EQ(update().removed, 5U) << "a handful";
    for (int i = 5; i < 11; ++i) fs::remove(photos_ / "many" / std::to_string(i));
    EXPECT_EQ(plan().too_many.size(), 6U);
    EXPECT_EQ(update().removed, 0U);
    EXPECT_EQ(stored(), 20U);
    options_.prune = true;
    EXPECT_EQ(update().removed, 6U);
    EXPECT_EQ(stored(), 14U);
    expect_whole();
}

TEST_F(UnseenFiles, RootsAreKeptAndGiveLabelsToImagesThatWereNotWalked) {
    const IndexRoots photos(std::vector{photos_}), above(std::vector{folder_.path()});
    options_.roots = &photos;
    update();
    EXPECT_EQ(backend_.open(identity_)->roots(), photos.folders());
    EXPECT_EQ(backend_.open_reader(identity_)->description().roots, photos.folders());
    options_.roots = &above;
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, IndexUpdater::Mode::update));
    updater.plan({}, {}, options_);
    updater.finish();
    for (const auto& [name, image] : images()) EXPECT_EQ(image.label, "photos") << name;
    EXPECT_EQ(backend_.open(identity_)->roots(), above.folders());
}

}  // namespace
}  // namespace clipsim::testing
