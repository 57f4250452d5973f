#include "clipsim/core/files/file_lock.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(FileLock, IsHeldByOneAtATime) {
    const TemporaryFolder folder;
    const Descriptor first(folder / "lock", O_RDWR | O_CREAT, 0600), second(folder / "lock", O_RDWR);
    EXPECT_TRUE(try_lock(first));
    EXPECT_FALSE(try_lock(second));
}

TEST(FileLock, IsWaitedForAndFreedAtTheEndOfItsScope) {
    const TemporaryFolder folder;
    std::optional<FileLock> held(std::in_place, folder / "lock", "", "", std::stop_token());
    std::atomic<bool> taken = false;
    std::jthread other([&] {
        const FileLock lock(folder / "lock", "holds it", "", {});
        taken = true;
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_FALSE(taken);
    held.reset();
    other.join();
    EXPECT_TRUE(taken);
}

TEST(FileLock, WhoWaitsCanBeStopped) {
    const TemporaryFolder folder;
    const FileLock held(folder / "lock", "", "", {});
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(FileLock(folder / "lock", "holds it", "nothing is lost", stop.get_token()), Interrupted);
}

TEST(FileLock, OfAnOpenFileDescriptionCanBeAskedForAndIsWaitedForSoLong) {
    const TemporaryFolder folder;
    const auto take = [&] {
        return FileLock(folder / "lock", "it is in use", "", {}, FileLock::Kind::ofd,
                        std::chrono::milliseconds(1));
    };
    EXPECT_FALSE(FileLock::is_held(folder / "lock"));
    {
        const FileLock held = take();
        EXPECT_TRUE(FileLock::is_held(folder / "lock"));
        EXPECT_THROW(take(), Error);
    }
    EXPECT_FALSE(FileLock::is_held(folder / "lock"));
    take();
}

TEST(FileLock, AFileThatItsHolderRemovedIsMadeAnew) {
    const TemporaryFolder folder;
    std::optional<FileLock> held(std::in_place, folder / "lock", "", "", std::stop_token());
    std::filesystem::remove(folder / "lock");
    const FileLock lock(folder / "lock", "holds it", "", {});
    EXPECT_TRUE(std::filesystem::exists(folder / "lock"));
}

}  // namespace
}  // namespace clipsim::testing
