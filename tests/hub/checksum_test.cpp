#include "checksum.h"

#include <gtest/gtest.h>

namespace clipsim::testing {
namespace {

std::string checksum_of(Checksum::Kind kind, std::string_view text) {
    RunningChecksum checksum(kind, text.size());
    checksum.update(text.substr(0, 2));
    checksum.update(text.substr(std::min<std::size_t>(2, text.size())));
    return checksum.hex();
}

TEST(RunningChecksum, IsSha256) {  // FIPS 180-4's example
    EXPECT_EQ(checksum_of(Checksum::Kind::sha256, "abc"),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(RunningChecksum, IsWhatGitCallsAFile) {  // git hash-object
    EXPECT_EQ(checksum_of(Checksum::Kind::git_sha1, "hello\n"), "ce013625030ba8dba906f756967f9e9ca394464a");
    EXPECT_EQ(checksum_of(Checksum::Kind::git_sha1, ""), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
}

TEST(Checksum, IsKnownByItsLength) {
    EXPECT_EQ(parse_checksum(std::string(64, 'a'))->kind, Checksum::Kind::sha256);
    EXPECT_EQ(parse_checksum(std::string(40, '0'))->kind, Checksum::Kind::git_sha1);
    for (const std::string& text :
         {std::string(32, 'a'), std::string(40, 'A'), std::string(64, 'g'), std::string()})
        EXPECT_FALSE(parse_checksum(text)) << text;
}

}  // namespace
}  // namespace clipsim::testing
