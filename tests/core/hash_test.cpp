#include "clipsim/core/hash.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "temporary_folder.h"

namespace clipsim {
namespace {

using testing::TemporaryFolder;
using testing::write_text;

std::string hash_text(const std::string& text) {
    return hash_bytes(std::as_bytes(std::span(text)));
}

// The canonical form that xxhsum -H2 prints, so that other programs can check a hash that we stored.
TEST(Hash, IsXxh3With128Bits) {
    EXPECT_EQ(hash_text(""), "99aa06d3014798d86001c324468d497f");
    EXPECT_EQ(hash_text("clipsim"), "e3c6ce62237334680df3e239b1eb95fd");
}

TEST(Hash, AFileHasTheHashOfItsBytes) {
    const TemporaryFolder folder;
    // Below, at and above the size of the buffer that files are read through.
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, (std::size_t{1} << 20) - 1,
                                   std::size_t{1} << 20, (std::size_t{3} << 20) + 5}) {
        std::string content(size, '\0');
        for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 31 >> 3);
        write_text(folder / "a", content);
        EXPECT_EQ(hash_file(folder / "a"), hash_text(content)) << size;
    }
}

TEST(Hash, OneBitMakesAnother) {
    std::string content(1000, 'a');
    const std::string before = hash_text(content);
    content[500] ^= 1;
    EXPECT_NE(hash_text(content), before);
    EXPECT_NE(hash_text(content + '\0'), hash_text(content));
}

TEST(Hash, AFileThatCannotBeReadIsAnErrorThatNamesIt) {
    const TemporaryFolder folder;
    for (const auto& path : {folder / "absent.bin", folder.path()}) {
        try {
            hash_file(path);
            ADD_FAILURE() << path;
        } catch (const Error& error) {
            EXPECT_NE(std::string(error.what()).find(path.filename().string()), std::string::npos)
                << error.what();
        }
    }
}

}  // namespace
}  // namespace clipsim
