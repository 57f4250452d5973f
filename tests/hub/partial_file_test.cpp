#include "partial_file.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "hub/hub_server.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(PartialFile, GrowsOverSeveralRunsAndKnowsItsChecksum) {
    const TemporaryFolder folder;
    const std::string content = noise(3'000'000);
    const Checksum checksum{Checksum::Kind::sha256, sha256_of(content)};
    {
        PartialFile file(folder / "p", content.size(), checksum.kind, {});
        file.append(std::string_view(content).substr(0, 1'500'000));
    }
    PartialFile file(folder / "p", content.size(), checksum.kind, {});
    EXPECT_EQ(file.size(), 1'500'000);
    file.append(std::string_view(content).substr(1'500'000));
    EXPECT_TRUE(file.matches(checksum));
    file.commit(folder / "whole");
    EXPECT_EQ(read_text(folder / "whole"), content);
    EXPECT_FALSE(std::filesystem::exists(folder / "p"));
}

TEST(PartialFile, BeginsAnewWhereWhatIsThereIsTooLong) {
    const TemporaryFolder folder;
    write_text(folder / "p", "too long");
    PartialFile file(folder / "p", 3, Checksum::Kind::git_sha1, {});
    EXPECT_EQ(file.size(), 0);
    file.append("abx");
    file.restart();
    file.append("abc");
    EXPECT_TRUE(file.matches({Checksum::Kind::git_sha1, git_sha1_of("abc")}));
}

TEST(PartialFile, DoesNotFollowALinkThatSomebodyPutThere) {
    const TemporaryFolder folder;
    write_text(folder / "precious", "content");
    std::filesystem::create_symlink(folder / "precious", folder / "p");
    EXPECT_THROW(PartialFile(folder / "p", 3, std::nullopt, {}), Error);
    EXPECT_EQ(read_text(folder / "precious"), "content");
}

}  // namespace
}  // namespace clipsim::testing
