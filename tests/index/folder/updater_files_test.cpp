// What an update does to the files of an index in a folder.
#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/index/folder/manifest.h"
#include "index/updated_index.h"
#include "sqlite.h"

namespace clipsim::testing {
namespace {

using Mode = IndexUpdater::Mode;
using IndexUpdateInFolder = UpdatedIndex;

TEST_F(IndexUpdateInFolder, ARunWithNothingToDoWritesNoIndexAnew) {
    write("cat/a.jpg", "A");
    update();
    const auto written = std::filesystem::last_write_time(index_ / "index.faiss");
    update();
    EXPECT_EQ(std::filesystem::last_write_time(index_ / "index.faiss"), written);
    config_.storage = Storage::fp16;
    update();
    EXPECT_NE(std::filesystem::last_write_time(index_ / "index.faiss"), written)
        << "another kind was asked for";
}

TEST_F(IndexUpdateInFolder, RepairsWhatIsDerived) {
    write("cat/a.jpg", "A");
    update();
    for (const char* damaged : {"index.faiss", "manifest.json"}) {
        write_text(index_ / damaged, "rubbish");
        EXPECT_EQ(update().embedded, 0U);
        expect_whole();
        std::filesystem::remove(index_ / damaged);
        EXPECT_EQ(update().embedded, 0U);
        expect_whole();
    }
}

TEST_F(IndexUpdateInFolder, FilesThatLookUnchangedAreReadOnlyToVerifyThem) {
    write("cat/a.jpg", "A");
    update();
    const auto time = std::filesystem::last_write_time(index_ / "index.faiss");
    std::string bytes = read_text(index_ / "index.faiss");
    bytes[bytes.size() / 2] ^= 1;
    write_text(index_ / "index.faiss", bytes);
    std::filesystem::last_write_time(index_ / "index.faiss", time);
    EXPECT_EQ(update().derivation, UpdateReport::Derivation::kept) << "it was read";
    UpdateSettings settings;
    settings.verify = true;
    IndexUpdater updater(open_index_writer(backend_.place(), identity_, config_, Mode::update, 1, settings));
    updater.plan(candidates(), std::vector{photos_});
    EXPECT_EQ(updater.finish().derivation, UpdateReport::Derivation::rebuilt);
    expect_whole();
}

TEST_F(IndexUpdateInFolder, ARebuildReplacesADamagedDatabase) {
    write("cat/a.jpg", "A");
    write_text(index_ / "images.db", std::string(9000, 'x'));
    EXPECT_THROW(update(), Error);
    EXPECT_EQ(update(Mode::rebuild).total, 1);
    expect_whole();
}

// index.faiss stays as it is until it is worth writing: what a search finds does not wait for that.
TEST_F(IndexUpdateInFolder, WritesIndexFaissAgainOnlyWhenEnoughHasChanged) {
    for (int i = 0; i < 100; ++i) write("cat/" + std::to_string(i), "photo " + std::to_string(i));
    EXPECT_EQ(update().derivation, UpdateReport::Derivation::rebuilt);
    const std::string written = read_text(index_ / "index.faiss");
    write("cat/new", "new");
    std::filesystem::remove(photos_ / "cat/5");
    const UpdateReport report = update();
    EXPECT_EQ(report.derivation, UpdateReport::Derivation::kept);
    EXPECT_EQ(report.delta, 1);
    EXPECT_EQ(report.deleted, 1);
    EXPECT_EQ(read_text(index_ / "index.faiss"), written);
    EXPECT_EQ(read_manifest(index_ / "manifest.json").images, 100);
    write("cat/newer", "newer");
    EXPECT_EQ(update().derivation, UpdateReport::Derivation::added_to);
    options_.prune = true;
    for (int i = 10; i < 40; ++i) std::filesystem::remove(photos_ / "cat" / std::to_string(i));
    const UpdateReport compacted = update();
    EXPECT_EQ(compacted.derivation, UpdateReport::Derivation::rebuilt);
    EXPECT_EQ(compacted.delta + compacted.deleted, 0);
    expect_whole();
}

TEST_F(IndexUpdateInFolder, WhatAKilledRunWroteAsideIsCleanedUp) {
    write("cat/a.jpg", "A");
    update();
    write_text(index_ / "index.faiss.tmp-1-0", "half of it");
    update();
    EXPECT_FALSE(std::filesystem::exists(index_ / "index.faiss.tmp-1-0"));
}

TEST_F(IndexUpdateInFolder, ADamagedVectorIsDroppedAndTheNextRunEmbedsItAgain) {
    write("cat/a.jpg", "A");
    write("cat/b.jpg", "B");
    update();
    Database::open_for_writing(index_ / "images.db")
        .execute("UPDATE vectors SET vector = zeroblob(8) WHERE id = 1");
    std::filesystem::remove(index_ / "index.faiss");
    EXPECT_EQ(update().total, 1);
    EXPECT_EQ(update().embedded, 1U);
    EXPECT_EQ(images().size(), 2U);
    expect_whole();
}

TEST_F(IndexUpdateInFolder, AnIndexFolderThatCannotBeMadeIsAnError) {
    write_text(folder_ / "index", "a file where the folder should be");
    write("cat/a.jpg", "A");
    EXPECT_THROW(update(), Error);
}

TEST_F(IndexUpdateInFolder, ADryRunMakesNoFolderAndARebuildLeavesNothingAside) {
    write("cat/a.jpg", "A");
    EXPECT_EQ(plan().to_embed.size(), 1U);
    EXPECT_FALSE(std::filesystem::exists(index_));
    update(Mode::rebuild);
    EXPECT_FALSE(std::filesystem::exists(index_ / "images.db.rebuild"));
}

}  // namespace
}  // namespace clipsim::testing
