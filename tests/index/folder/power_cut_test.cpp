// A power cut takes away all that was written and not synced. (LevelDB's fault_injection_test is the model.)
// What the database leaves unsynced may be gone while the files derived from it, which are always synced, are
// there.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <mutex>

#include "index/little_world.h"

namespace clipsim::testing {
namespace {

// SQLite's own file layer, which remembers of each file what was in it when it was last synced.
class SyncedFiles {
  public:
    static SyncedFiles& watch() {
        static SyncedFiles files;
        return files;
    }

    void forget() { synced_.clear(); }

    // What is on the disk of a machine that loses its power now.
    void leave_synced(const std::filesystem::path& folder, const std::filesystem::path& copy) const {
        std::filesystem::remove_all(copy);
        std::filesystem::create_directories(copy);
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            const std::string name = entry.path().filename();
            if (!name.starts_with("images.db")) {
                std::filesystem::copy_file(entry.path(), copy / name);
            } else if (const auto known = synced_.find(entry.path()); known != synced_.end()) {
                write_text(copy / name, known->second);
            }
        }
    }

  private:
    SyncedFiles() {
        sqlite3_initialize();
        real_ = sqlite3_vfs_find(nullptr);
        ours_ = *real_;
        ours_.zName = "synced-files";
        ours_.xOpen = &open;
        sqlite3_vfs_register(&ours_, 1);
    }

    static int open(sqlite3_vfs* /*ours*/, const char* name, sqlite3_file* file, int flags, int* out) {
        SyncedFiles& all = watch();
        const int code = all.real_->xOpen(all.real_, name, file, flags, out);
        if (code != SQLITE_OK || name == nullptr) return code;
        if (std::filesystem::file_size(name) == 0) all.synced_.erase(name);  // a new one
        all.real_sync_ = file->pMethods->xSync;
        sqlite3_io_methods& methods = all.methods_[file->pMethods];
        methods = *file->pMethods;
        methods.xSync = &sync;
        file->pMethods = &methods;
        all.names_[file] = name;
        return code;
    }

    static int sync(sqlite3_file* file, int flags) {
        SyncedFiles& all = watch();
        const int code = all.real_sync_(file, flags);
        all.synced_[all.names_[file]] = read_text(all.names_[file]);
        return code;
    }

    sqlite3_vfs* real_ = nullptr;
    sqlite3_vfs ours_ = {};
    int (*real_sync_)(sqlite3_file*, int) = nullptr;
    std::map<const sqlite3_io_methods*, sqlite3_io_methods> methods_;
    std::map<sqlite3_file*, std::filesystem::path> names_;
    std::map<std::filesystem::path, std::string> synced_;
};

// What is left after a power cut is gone on with: photos that sort before those that were lost get their ids,
// if ids are given anew, and no search may find one of them by the vector of another.
void go_on(const LittleWorld& world, const std::filesystem::path& left, const std::string& when) {
    SCOPED_TRACE(when);
    LittleWorld after(world.photos.parent_path(), left);
    after.settings.deleted_share = 100;  // building all anew would hide it
    for (int i = 0; i < 3; ++i) after.write("ape/" + std::to_string(i), "after " + when + std::to_string(i));
    after.update(UpdateMode::update,
                 100);  // one by one: the generation catches up with a manifest ahead of it
    after.expect_complete();
    EXPECT_EQ(after.expect_answers_of_the_store({"label=ape"}, 100, 1), 1.0);
    std::filesystem::remove_all(world.photos / "ape");
}

TEST(PowerCut, IdsNeverComeToMeanOtherImages) {
    SyncedFiles& files = SyncedFiles::watch();
    const TemporaryFolder folder;
    const std::filesystem::path left = folder / "left";
    LittleWorld world(folder.path());
    files.forget();
    world.config.type = IndexType::flat;
    world.settings = {.delta_share = 0, .most_delta = 0, .deleted_share = 100};  // files follow each update
    for (int i = 0; i < 8; ++i) world.write("cat/" + std::to_string(i), "picture " + std::to_string(i));
    world.update(UpdateMode::update, 2);
    files.leave_synced(world.index, left);
    go_on(world, left, "first update");
    for (int step = 0; step < 3; ++step) {
        for (int i = 0; i < 3; ++i) {
            world.write("cat/" + std::to_string(3 * step + i), "changed " + std::to_string(step));
            world.write("cat/new " + std::to_string(3 * step + i), "new " + std::to_string(10 * step + i));
        }
        std::filesystem::remove(world.photos / "cat/7");
        IndexUpdater updater(open_index_writer(world.backend.place(), world.identity, world.config,
                                               UpdateMode::update, 1, world.settings));
        const UpdatePlan plan = updater.plan(world.candidates(), std::vector{world.photos});
        for (const ImageEntry& entry : plan.to_embed) {
            world.commit(updater, std::span(&entry, 1));
            files.leave_synced(world.index, left);
            go_on(world, left, "commit of step " + std::to_string(step));
        }
        updater.finish();
        files.leave_synced(world.index, left);
        go_on(world, left, "end of step " + std::to_string(step));
    }
}

}  // namespace
}  // namespace clipsim::testing
