#include "clipsim/core/files/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

#include "clipsim/core/error.h"
#include "core/other_user.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

namespace fs = std::filesystem;
using testing::OrdinaryUser;
using testing::read_text;
using testing::TemporaryFolder;
using testing::write_text;

std::size_t files_in(const fs::path& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

template <typename Action>
std::string message_of(const Action& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.what();
    }
    return "";
}

TEST(AtomicFile, AFileIsWrittenAndReplacedWhole) {
    const TemporaryFolder folder;
    write_file_atomically(folder / "a.json", "first");
    EXPECT_EQ(read_text(folder / "a.json"), "first");
    write_file_atomically(folder / "a.json", std::string(300'000, 'x'));
    EXPECT_EQ(read_text(folder / "a.json"), std::string(300'000, 'x'));
    write_file_atomically(folder / "a.json", "");
    EXPECT_EQ(read_text(folder / "a.json"), "");
    EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFile, ANameAsLongAsTheFileSystemAllowsIsWritten) {
    const TemporaryFolder folder;
    std::string name(245, 'x');
    for (int i = 0; i < 5; ++i) name += "\xC3\xA9";  // 255 bytes in all, and no half of a character is left
    write_file_atomically(folder / name, "first");
    write_file_atomically(folder / name, "second");
    EXPECT_EQ(read_text(folder / name), "second");
    EXPECT_EQ(files_in(folder.path()), 1U);
    AtomicFile one(folder / (std::string(254, 'x') + "1")), two(folder / (std::string(254, 'x') + "2"));
    EXPECT_NE(one.temporary_path(), two.temporary_path());
}

TEST(AtomicFile, AReaderSeesTheOldFileUntilTheCommit) {
    const TemporaryFolder folder;
    write_text(folder / "a", "old");
    AtomicFile file(folder / "a");
    write_text(file.temporary_path(), "new");
    EXPECT_EQ(read_text(folder / "a"), "old");
    file.commit();
    EXPECT_EQ(read_text(folder / "a"), "new");
    EXPECT_FALSE(fs::exists(file.temporary_path()));
}

TEST(AtomicFile, WithoutACommitNothingIsLeftBehind) {
    const TemporaryFolder folder;
    write_text(folder / "a", "old");
    {
        const AtomicFile file(folder / "a");
        write_text(file.temporary_path(), "half of it");
        EXPECT_EQ(files_in(folder.path()), 2U);
    }
    EXPECT_EQ(read_text(folder / "a"), "old");
    EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFile, ACommitOfNothingWrittenIsAnError) {
    const TemporaryFolder folder;
    AtomicFile file(folder / "a");
    EXPECT_THROW(file.commit(), Error);
    EXPECT_FALSE(fs::exists(folder / "a"));
}

TEST(AtomicFile, WritersOfOneTargetDoNotMeet) {
    const TemporaryFolder folder;
    const AtomicFile one(folder / "a"), two(folder / "a");
    EXPECT_NE(one.temporary_path(), two.temporary_path());
    EXPECT_EQ(one.temporary_path().parent_path(), folder.path());  // a rename can't cross file systems
}

TEST(AtomicFile, MissingFoldersAreMade) {
    const TemporaryFolder folder;
    write_file_atomically(folder / "a" / "b" / "c.txt", "text");
    EXPECT_EQ(read_text(folder / "a" / "b" / "c.txt"), "text");
}

TEST(AtomicFile, AFolderThatIsAFileIsAnErrorThatNamesIt) {
    const TemporaryFolder folder;
    write_text(folder / "file", "in the way");
    const std::string message = message_of([&] { write_file_atomically(folder / "file" / "a.txt", "text"); });
    EXPECT_NE(message.find("file"), std::string::npos);
    EXPECT_EQ(read_text(folder / "file"), "in the way");
}

TEST(AtomicFile, AFolderInThePlaceOfTheFileIsAnErrorAndStays) {
    const TemporaryFolder folder;
    fs::create_directories(folder / "a.txt" / "inside");
    EXPECT_THROW(write_file_atomically(folder / "a.txt", "text"), Error);
    EXPECT_TRUE(fs::is_directory(folder / "a.txt" / "inside"));
    EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(AtomicFile, AFolderWithoutPermissionIsAnErrorThatNamesIt) {
    const TemporaryFolder folder;
    fs::create_directory(folder / "locked");
    fs::permissions(folder.path(), fs::perms::all);
    fs::permissions(folder / "locked",
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_exec);
    const OrdinaryUser user;
    if (!user) GTEST_SKIP() << "can't become an ordinary user";
    EXPECT_NE(message_of([&] { write_file_atomically(folder / "locked" / "a", "x"); }).find("locked"),
              std::string::npos);
    EXPECT_NE(message_of([&] { ensure_writable_folder(folder / "locked"); }).find("locked"),
              std::string::npos);
    EXPECT_NE(message_of([&] { ensure_writable_folder(folder / "locked" / "new"); }).find("new"),
              std::string::npos);
}

// A full disk, played by a limit on the size of files. In a child: the limit can't be lifted again.
TEST(AtomicFile, AFullDiskIsAnErrorAndTheOldFileStays) {
    const TemporaryFolder folder;
    write_text(folder / "a", "old");
    const auto child = [&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1000, 1000};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        const std::string message =
            message_of([&] { write_file_atomically(folder / "a", std::string(5000, 'x')); });
        std::_Exit(message.find("cannot write") != std::string::npos ? 7 : 0);
    };
    EXPECT_EXIT(child(), ::testing::ExitedWithCode(7), "");
    EXPECT_EQ(read_text(folder / "a"), "old");
    EXPECT_EQ(files_in(folder.path()), 1U);
}

TEST(ReadFile, GivesEveryByteBack) {
    const TemporaryFolder folder;
    std::string content;
    for (int i = 0; i < 200'000; ++i) content.push_back(static_cast<char>(i * 7));
    write_text(folder / "a", content);
    EXPECT_EQ(read_file(folder / "a"), content);
    write_text(folder / "empty", "");
    EXPECT_EQ(read_file(folder / "empty"), "");
}

TEST(ReadFile, TheLimitIsExact) {
    const TemporaryFolder folder;
    write_text(folder / "a", "12345678");
    EXPECT_EQ(read_file(folder / "a", 8), "12345678");
    EXPECT_NE(message_of([&] { read_file(folder / "a", 7); }).find("larger than the 7 bytes"),
              std::string::npos);
    EXPECT_THROW(read_file("/dev/zero", 1 << 20), UsageError);  // says it is empty, and is endless
}

TEST(ReadFile, WhatCannotBeReadIsAUsageErrorOnOneLine) {
    const TemporaryFolder folder;
    const std::string missing = message_of([&] { read_file(folder / "new\nline"); });
    EXPECT_NE(missing.find("new\\nline"), std::string::npos) << missing;
    EXPECT_NE(missing.find("No such file"), std::string::npos) << missing;
    EXPECT_THROW(read_file(folder / "absent"), UsageError);
    EXPECT_NE(message_of([&] { read_file(folder.path()); }).find("folder"), std::string::npos);
}

TEST(ReadFile, WithoutPermissionIsAUsageError) {
    const TemporaryFolder folder;
    write_text(folder / "secret", "x");
    fs::permissions(folder.path(), fs::perms::all);
    fs::permissions(folder / "secret", fs::perms::none);
    const OrdinaryUser user;
    if (!user) GTEST_SKIP() << "can't become an ordinary user";
    EXPECT_THROW(read_file(folder / "secret"), UsageError);
}

TEST(WritableFolder, IsMadeWithItsParents) {
    const TemporaryFolder folder;
    ensure_writable_folder(folder / "a" / "b");
    EXPECT_TRUE(fs::is_directory(folder / "a" / "b"));
    ensure_writable_folder(folder / "a" / "b");
    write_text(folder / "file", "");
    EXPECT_THROW(ensure_writable_folder(folder / "file"), Error);
    EXPECT_THROW(ensure_writable_folder(folder / "file" / "b"), Error);
}

}  // namespace
}  // namespace clipsim
