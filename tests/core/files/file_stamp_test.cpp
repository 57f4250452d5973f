#include "clipsim/core/files/file_stamp.h"

#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(StatStamp, ShowsAChangeThatKeepsSizeAndTime) {
    const TemporaryFolder folder;
    write_text(folder / "a", "1234");
    const auto before = stat_stamp(folder / "a");
    const auto time = std::filesystem::last_write_time(folder / "a");
    // Another file of the same size and mtime, at the same name: what rsync -t and a restored backup do.
    write_text(folder / "b", "5678");
    std::filesystem::last_write_time(folder / "b", time);
    std::filesystem::rename(folder / "b", folder / "a");
    const auto after = stat_stamp(folder / "a");
    ASSERT_TRUE(before && after);
    EXPECT_EQ(before->size, after->size);
    EXPECT_EQ(before->mtime_ns, after->mtime_ns);
    EXPECT_NE(*before, *after);
}

TEST(StatStamp, IsTheSameForAFileThatIsLeftAlone) {
    const TemporaryFolder folder;
    write_text(folder / "a", "1234");
    const auto stamp = stat_stamp(folder / "a");
    ASSERT_TRUE(stamp);
    read_text(folder / "a");
    EXPECT_EQ(stat_stamp(folder / "a"), stamp);
    EXPECT_EQ(stat_stamp(folder / "none"), std::nullopt);
}

TEST(StatStamp, IsNotSettledInTheSecondsAfterAWrite) {
    const TemporaryFolder folder;
    write_text(folder / "a", "1234");
    EXPECT_FALSE(stat_stamp(folder / "a")->is_settled());
    EXPECT_TRUE(stat_stamp("/bin/sh")->is_settled());
}

}  // namespace
}  // namespace clipsim::testing
