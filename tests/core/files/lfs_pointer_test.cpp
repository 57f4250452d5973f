#include "clipsim/core/files/lfs_pointer.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/core/files/atomic_file.h"
#include "clipsim/core/json_file.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

constexpr const char* pointer =
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";

TEST(LfsPointer, IsCalledThatWhereverAFileIsRead) {
    const TemporaryFolder folder;
    write_text(folder / "config.json", pointer);
    for (const std::string& message :
         {message_of<UsageError>([&] { read_file(folder / "config.json"); }),
          message_of<UsageError>([&] { read_json_file(folder / "config.json"); })}) {
        EXPECT_NE(message.find("config.json is a Git LFS pointer"), std::string::npos) << message;
        EXPECT_NE(message.find("`git lfs pull`"), std::string::npos) << message;
    }
}

TEST(LfsPointer, OtherFilesAreNone) {
    EXPECT_NO_THROW(refuse_lfs_pointer("a", ""));
    EXPECT_NO_THROW(refuse_lfs_pointer("a", "version 1"));
}

}  // namespace
}  // namespace clipsim::testing
