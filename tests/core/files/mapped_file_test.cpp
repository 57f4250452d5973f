#include "clipsim/core/files/mapped_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

std::string text_of(const MappedFile& file) {
    return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

TEST(MappedFile, HoldsTheFileAlsoWhenItsNameIsGone) {
    const TemporaryFolder folder;
    write_text(folder / "a", "content");
    const MappedFile file(folder / "a", MappedFile::Kind::shared);
    std::filesystem::remove(folder / "a");
    EXPECT_EQ(text_of(file), "content");
}

TEST(MappedFile, APrivateOneMayBeWrittenToWithoutChangingTheFile) {
    const TemporaryFolder folder;
    write_text(folder / "a", "content");
    MappedFile file(folder / "a", MappedFile::Kind::private_copy);
    file.writable_bytes()[0] = std::byte{'C'};
    EXPECT_EQ(text_of(file), "Content");
    EXPECT_EQ(read_text(folder / "a"), "content");
}

TEST(MappedFile, OfAnEmptyFileIsEmptyAndOfNoneAnError) {
    const TemporaryFolder folder;
    write_text(folder / "empty", "");
    EXPECT_TRUE(MappedFile(folder / "empty", MappedFile::Kind::shared).bytes().empty());
    EXPECT_THROW(MappedFile(folder / "none", MappedFile::Kind::shared), UsageError);
    EXPECT_THROW(MappedFile(folder.path(), MappedFile::Kind::shared), UsageError);
}

TEST(MappedFile, SeesWhatIsAppendedWithinItsSize) {
    const TemporaryFolder folder;
    const Descriptor descriptor(folder / "a", O_RDWR | O_CREAT, 0600);
    const MappedFile file(descriptor, folder / "a", 8, MappedFile::Kind::shared);
    ASSERT_TRUE(write_at(descriptor, std::as_bytes(std::span("appended", 8)), 0));
    EXPECT_EQ(text_of(file), "appended");
}

TEST(MappedFile, MovesWithItsMapping) {
    const TemporaryFolder folder;
    write_text(folder / "a", "content");
    MappedFile first(folder / "a", MappedFile::Kind::shared), second;
    second = std::move(first);
    const MappedFile third(std::move(second));
    EXPECT_EQ(text_of(third), "content");
}

}  // namespace
}  // namespace clipsim::testing
