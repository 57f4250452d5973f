#include "clipsim/index/updater.h"
#include "clipsim/index/open/open_index.h"

#include <gtest/gtest.h>

#include <thread>

#include "clipsim/core/error.h"
#include "index/updated_index.h"

namespace clipsim::testing {
namespace {

using Mode = IndexUpdater::Mode;
using IndexUpdate = UpdatedIndex;

TEST_F(IndexUpdate, TakesInNewFilesAndLeavesKnownOnesAlone) {
    write("cat/a.jpg", "A");
    write("dog/b.jpg", "B");
    EXPECT_EQ(update().embedded, 2U);
    write("dog/c.jpg", "C");
    const UpdateReport report = update();
    EXPECT_EQ(report.embedded, 1U);
    EXPECT_EQ(report.unchanged, 2U);
    EXPECT_EQ(report.total, 3);
    EXPECT_EQ(images().at("dog/c.jpg").label, "dog");
    expect_whole();
}

TEST_F(IndexUpdate, EmbedsChangedContentAgainUnderANewId) {
    write("cat/a.jpg", "A");
    update();
    const std::int64_t old_id = images().at("cat/a.jpg").id;
    write("cat/a.jpg", "another cat");
    EXPECT_EQ(update().embedded, 1U);
    EXPECT_NE(images().at("cat/a.jpg").id, old_id);
    expect_whole();
}

TEST_F(IndexUpdate, ATouchedFileIsNotEmbeddedAgainNorHashedTwice) {
    write("cat/a.jpg", "A");
    update();
    const auto later = std::filesystem::last_write_time(photos_ / "cat/a.jpg") + std::chrono::hours(1);
    std::filesystem::last_write_time(photos_ / "cat/a.jpg", later);
    const UpdateReport report = update();
    EXPECT_EQ(report.embedded, 0U);
    EXPECT_EQ(report.unchanged, 1U);
    EXPECT_EQ(plan().hashed_ahead, 0U) << "the new time is known now";
}

TEST_F(IndexUpdate, AFileChangedUnderItsOldSizeAndTimeIsSeen) {
    write("cat/a.jpg", "A");
    update();
    const auto time = std::filesystem::last_write_time(photos_ / "cat/a.jpg");
    write("cat/a.jpg", "X");
    std::filesystem::last_write_time(photos_ / "cat/a.jpg", time);
    EXPECT_EQ(update().embedded, 1U);
    expect_whole();
}

TEST_F(IndexUpdate, FilesRestoredFromABackupAreReadOnceAndNotEmbedded) {
    write("cat/a.jpg", "A");
    update();
    const auto time = std::filesystem::last_write_time(photos_ / "cat/a.jpg");
    write("cat/a.jpg", "A");  // another inode's times, the same content
    std::filesystem::last_write_time(photos_ / "cat/a.jpg", time);
    EXPECT_EQ(plan().hashed_ahead, 1U);
    EXPECT_EQ(update().embedded, 0U);
    EXPECT_EQ(plan().hashed_ahead, 0U);
}

TEST_F(IndexUpdate, ARenamedFileKeepsIdAndVector) {
    write("cat/a.jpg", "A");
    update();
    const std::int64_t id = images().at("cat/a.jpg").id;
    std::filesystem::create_directories(photos_ / "dog");
    std::filesystem::rename(photos_ / "cat/a.jpg", photos_ / "dog/b.jpg");
    const UpdateReport report = update();
    EXPECT_EQ(report.renamed, 1U);
    EXPECT_EQ(report.embedded + report.removed, 0U);
    EXPECT_EQ(images().at("dog/b.jpg").id, id);
    EXPECT_EQ(images().at("dog/b.jpg").label, "dog");
    EXPECT_EQ(images().size(), 1U);
    expect_whole();
}

TEST_F(IndexUpdate, CopiesReuseTheVector) {
    write("cat/a.jpg", "A");
    update();
    write("cat/copy.jpg", "A");
    write("cat/new.jpg", "N");
    write("cat/new_too.jpg", "N");
    const UpdatePlan planned = plan();
    EXPECT_EQ(planned.to_embed.size(), 1U) << "N once";
    EXPECT_EQ(planned.renamed, 0U);
    EXPECT_EQ(planned.copies, 2U);
    update();
    EXPECT_EQ(images().size(), 4U);
    expect_whole();
}

TEST_F(IndexUpdate, FilesThatSwapNamesOrMoveUpAChainEmbedNothing) {
    write("cat/a.jpg", "first");
    write("cat/b.jpg", "second one");
    write("cat/c.jpg", "the third of them");
    update();
    std::filesystem::rename(photos_ / "cat/a.jpg", photos_ / "cat/x");
    std::filesystem::rename(photos_ / "cat/b.jpg", photos_ / "cat/a.jpg");
    std::filesystem::rename(photos_ / "cat/x", photos_ / "cat/b.jpg");
    EXPECT_EQ(update().embedded, 0U);
    EXPECT_EQ(images().size(), 3U);  // images() checks each vector against the file's content
    std::filesystem::rename(photos_ / "cat/c.jpg", photos_ / "cat/d.jpg");
    std::filesystem::rename(photos_ / "cat/b.jpg", photos_ / "cat/c.jpg");
    write("cat/fresh.jpg", "a new one");
    EXPECT_EQ(update().embedded, 1U);
    EXPECT_EQ(images().size(), 4U);
    expect_whole();
}

TEST_F(IndexUpdate, VanishedFilesAreDropped) {
    write("cat/a.jpg", "A");
    write("cat/b.jpg", "B");
    update();
    std::filesystem::remove(photos_ / "cat/a.jpg");
    EXPECT_EQ(update().removed, 1U);
    EXPECT_EQ(images().size(), 1U);
    expect_whole();
}

TEST_F(IndexUpdate, AChangedFileThatGivesNoVectorIsDropped) {
    write("cat/a.jpg", "A");
    update();
    write("cat/a.jpg", "broken now");
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    EXPECT_EQ(updater.plan(candidates(), std::vector{photos_}).to_embed.size(), 1U);
    EXPECT_EQ(updater.finish().total, 0) << "its old vector is of another picture";
}

TEST_F(IndexUpdate, PhotosIndexedFromElsewhereStayWhileTheirFileIsThere) {
    write("cat/a.jpg", "A");
    write("cat/b.jpg", "B");
    update();
    const std::filesystem::path first = photos_;
    photos_ = folder_ / "more";
    write("dog/c.jpg", "C");
    EXPECT_EQ(update().total, 3);
    std::filesystem::remove(first / "cat/a.jpg");
    EXPECT_EQ(update().total, 2);
}

TEST_F(IndexUpdate, AFolderWhoseNameBeginsTheSameIsElsewhere) {
    const std::filesystem::path photos = photos_;
    photos_ = folder_ / "photos2";
    write("cat/a.jpg", "A");
    update();
    photos_ = photos;
    write("cat/b.jpg", "B");
    EXPECT_EQ(update().total, 2);
}

TEST_F(IndexUpdate, KilledBetweenBatchesResumes) {
    for (int i = 0; i < 10; ++i) write("cat/" + std::to_string(i) + ".jpg", "photo " + std::to_string(i));
    {
        IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, Mode::update));
        const UpdatePlan plan = updater.plan(candidates(), std::vector{photos_});
        commit(updater, std::span(plan.to_embed).first(4));
    }
    const UpdateReport report = update();
    EXPECT_EQ(report.unchanged, 4U);
    EXPECT_EQ(report.embedded, 6U);
    EXPECT_EQ(images().size(), 10U);
    expect_whole();
}

TEST_F(IndexUpdate, ADryRunWritesNothing) {
    write("cat/a.jpg", "A");
    EXPECT_EQ(plan().to_embed.size(), 1U);
    EXPECT_THROW(images(), UsageError) << "there is none";
    update();
    write("cat/b.jpg", "B");
    EXPECT_EQ(plan().to_embed.size(), 1U);
    EXPECT_EQ(images().size(), 1U);
}

TEST_F(IndexUpdate, AnotherModelNeedsARebuild) {
    write("cat/a.jpg", "A");
    const IndexIdentity other{"tiny", "bbbb2222", 2};
    update(Mode::update, other);
    EXPECT_THROW(update(), UsageError);
    EXPECT_EQ(update(Mode::rebuild).embedded, 1U);
    EXPECT_EQ(images().size(), 1U);
    expect_whole();
}

TEST_F(IndexUpdate, ReadersKeepTheOldIndexUntilARebuildIsDone) {
    write("cat/a.jpg", "A");
    write("cat/b.jpg", "B");
    update();
    {
        IndexUpdater updater(
            open_index_writer(backend_.place(), {"big", "cccc3333", 2}, config_, Mode::rebuild));
        const UpdatePlan plan = updater.plan(candidates(), std::vector{photos_});
        commit(updater, std::span(plan.to_embed).first(1));
        EXPECT_EQ(images().size(), 2U);
    }
    expect_whole();  // the rebuild was killed; the old one is as it was
    IndexUpdater again(open_index_writer(backend_.place(), {"big", "cccc3333", 2}, config_, Mode::rebuild));
    EXPECT_EQ(again.plan(candidates(), std::vector{photos_}).to_embed.size(), 1U)
        << "it goes on where it was";
}

TEST_F(IndexUpdate, ASecondWriterFailsClearly) {
    write("cat/a.jpg", "A");
    const IndexUpdater first(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    try {
        update();
        FAIL();
    } catch (const Error& error) {
        EXPECT_NE(std::string(error.what()).find("another clipsim"), std::string::npos) << error.what();
    }
}

TEST_F(IndexUpdate, ASecondWriterWaitsForTheFirst) {
    write("cat/a.jpg", "A");
    auto first =
        std::make_unique<IndexUpdater>(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    first->plan(candidates(), std::vector{photos_});
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        first.reset();
    });
    UpdateSettings settings;
    settings.wait = std::chrono::minutes(5);
    IndexUpdater second(open_index_writer(backend_.place(), identity_, config_, Mode::update, 1, settings));
    release.join();
    EXPECT_EQ(second.plan(candidates(), std::vector{photos_}).to_embed.size(), 1U);
}

TEST_F(IndexUpdate, AStopEndsTheWaitForAnotherWriter) {
    const IndexUpdater first(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    std::stop_source stop;
    stop.request_stop();
    UpdateSettings settings;
    settings.wait = std::chrono::minutes(5);
    settings.stop = stop.get_token();
    EXPECT_THROW(
        IndexUpdater(open_index_writer(backend_.place(), identity_, config_, Mode::update, 1, settings)),
        Interrupted);
}

TEST_F(IndexUpdate, ReadsAheadOnlyFilesThatMayBeMovedOrCopied) {
    write("cat/a.jpg", "four");
    write("cat/b.jpg", "five");
    write("cat/c.jpg", "another size");
    EXPECT_EQ(plan().hashed_ahead, 0U) << "a and b differ in their first bytes";
    update();
    EXPECT_EQ(plan().hashed_ahead, 0U);
    write("cat/new.jpg", "a size that no other has");
    EXPECT_EQ(plan().hashed_ahead, 0U);
    write("cat/nine.jpg", "nine");
    EXPECT_EQ(plan().hashed_ahead, 1U) << "it has the size of a known one";
    std::filesystem::rename(photos_ / "cat/c.jpg", photos_ / "cat/moved.jpg");
    EXPECT_EQ(plan().hashed_ahead, 2U);
    write("cat/copy.jpg", "a size that no other has");
    EXPECT_EQ(plan().hashed_ahead, 4U) << "the two copies of a new one";
    update();
    EXPECT_EQ(images().size(), 6U);
    expect_whole();
}

TEST_F(IndexUpdate, WhatClipsimDrewIsNoPhoto) {
    const std::string sheet = std::string("\x89PNG\r\n\x1A\n") + std::string("tEXtSoftware\0clipsim", 20);
    write("cat/a.jpg", "A");
    write("cat/b.jpg", "B");
    write("cat/hits.png", sheet);
    EXPECT_EQ(plan().drawn, 1U);
    EXPECT_EQ(update().embedded, 2U);
    write("cat/b.jpg", sheet);  // search --save cat/b.jpg --force
    EXPECT_EQ(update().excluded, 1U);
    EXPECT_EQ(images().size(), 1U);
    EXPECT_EQ(plan().drawn, 2U);
    expect_whole();
}

TEST_F(IndexUpdate, AStopEndsTheComparison) {
    write("cat/a.jpg", "A");
    update();
    write("cat/b.jpg", "B");
    std::stop_source stop;
    stop.request_stop();
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    EXPECT_THROW(updater.plan(candidates(), std::vector{photos_}, {.stop = stop.get_token()}), Interrupted);
}

TEST_F(IndexUpdate, FilesThatVanishWhileItLooksAreNamed) {
    std::filesystem::create_directories(photos_);
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, Mode::update));
    const std::vector<IndexCandidate> ghost{{photos_ / "ghost.jpg", ""}};
    const UpdatePlan plan = updater.plan(ghost, std::vector{photos_});
    ASSERT_EQ(plan.unreadable.size(), 1U);
    EXPECT_EQ(plan.unreadable[0].path, photos_ / "ghost.jpg");
    EXPECT_NE(plan.unreadable[0].problem.find("ghost.jpg"), std::string::npos);
}

}  // namespace
}  // namespace clipsim::testing
