#include "clipsim/core/files/atomic_folder.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

std::size_t entries_in(const std::filesystem::path& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

TEST(AtomicFolder, AppearsAtCommitWithWhatIsInIt) {
    const TemporaryFolder parent;
    AtomicFolder folder(parent / "new/");
    write_text(folder.path() / "file", "text");
    EXPECT_FALSE(std::filesystem::exists(parent / "new"));
    folder.commit();
    EXPECT_EQ(read_text(parent / "new/file"), "text");
    EXPECT_EQ(entries_in(parent.path()), 1U);
}

TEST(AtomicFolder, LeavesNothingWithoutACommit) {
    const TemporaryFolder parent;
    {
        const AtomicFolder folder(parent / "new");
        write_text(folder.path() / "file", "text");
    }
    EXPECT_EQ(entries_in(parent.path()), 0U);
}

TEST(AtomicFolder, TakesThePlaceOfAnEmptyFolderAlone) {
    const TemporaryFolder parent;
    std::filesystem::create_directory(parent / "empty");
    AtomicFolder folder(parent / "empty");
    folder.commit();
    std::filesystem::create_directories(parent / "full/of");
    EXPECT_THROW(AtomicFolder(parent / "full"), UsageError);
    write_text(parent / "file", "");
    EXPECT_THROW(AtomicFolder(parent / "file"), UsageError);
}

}  // namespace
}  // namespace clipsim::testing
