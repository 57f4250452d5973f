#include "clipsim/index/folder/file_checksum.h"

#include <gtest/gtest.h>

#include <fstream>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

void flip_bit(const std::filesystem::path& file, std::streamoff at) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(at);
    const int byte = stream.get();
    stream.seekp(at);
    stream.put(static_cast<char>(byte ^ 1));
}

TEST(FileChecksum, AFlippedBitOfASmallFileIsSeenWhateverItsTime) {
    const TemporaryFolder folder;
    write_text(folder / "f", std::string(5000, 'x'));
    const FileChecksum known = checksum_file(folder / "f");
    EXPECT_TRUE(is_intact(folder / "f", known));
    const auto time = std::filesystem::last_write_time(folder / "f");
    flip_bit(folder / "f", 4321);
    std::filesystem::last_write_time(folder / "f", time);
    EXPECT_FALSE(is_intact(folder / "f", known));
}

TEST(FileChecksum, ALargeFileIsReadOnlyWhereItsTimeChanged) {
    const TemporaryFolder folder;
    write_text(folder / "f", "start");
    std::filesystem::resize_file(folder / "f", std::uintmax_t{65} << 20);  // sparse
    const FileChecksum known = checksum_file(folder / "f");
    FileChecksum other_hash = known;
    other_hash.hash = "not looked at";
    EXPECT_TRUE(is_intact(folder / "f", other_hash));
    // A copy has another time and is intact all the same.
    std::filesystem::last_write_time(folder / "f",
                                     std::filesystem::last_write_time(folder / "f") + std::chrono::hours(1));
    EXPECT_TRUE(is_intact(folder / "f", known));
    flip_bit(folder / "f", 60 << 20);
    EXPECT_FALSE(is_intact(folder / "f", known));
}

TEST(FileChecksum, OfAFileThatWasHashedAsItWasWrittenHoldsAfterItIsRenamed) {
    const TemporaryFolder folder;
    write_text(folder / "aside", "text");
    const FileChecksum known = checksum_written(folder / "aside", checksum_file(folder / "aside").hash);
    std::filesystem::rename(folder / "aside", folder / "f");
    EXPECT_EQ(known, checksum_file(folder / "f"));
    EXPECT_TRUE(is_intact(folder / "f", known));
}

TEST(FileChecksum, WithoutATimeTheHashDecides) {
    const TemporaryFolder folder;
    write_text(folder / "f", "text");
    FileChecksum known = checksum_file(folder / "f");
    known.stamp.mtime_ns = 0;
    EXPECT_TRUE(is_intact(folder / "f", known));
    EXPECT_THROW(is_intact(folder / "none", known), Error);
}

}  // namespace
}  // namespace clipsim::testing
