#include "clipsim/core/hash_cache.h"

#include <gtest/gtest.h>

#include "clipsim/core/error.h"
#include "clipsim/core/hash.h"
#include "temporary_folder.h"

namespace clipsim::testing {
namespace {

TEST(HashCache, RemembersWhatLooksTheSame) {
    const TemporaryFolder folder;
    const std::filesystem::path program = std::filesystem::canonical("/bin/sh");
    HashCache cache(folder / "hashes.json");
    EXPECT_EQ(cache.hash(program), hash_file(program));
    cache.save();
    // Another hash in the file shows that it is what the next one answers with.
    std::string text = read_text(folder / "hashes.json");
    const std::string hash = hash_file(program);
    ASSERT_NE(text.find(hash), std::string::npos) << text;
    text.replace(text.find(hash), hash.size(), "remembered");
    write_text(folder / "hashes.json", text);
    EXPECT_EQ(HashCache(folder / "hashes.json").hash(program), "remembered");
    // A file that looks otherwise is read.
    const std::string size = "\"size\": ";
    text.insert(text.begin() + static_cast<std::ptrdiff_t>(text.find(size) + size.size()), '1');
    write_text(folder / "hashes.json", text);
    EXPECT_EQ(HashCache(folder / "hashes.json").hash(program), hash);
}

TEST(HashCache, AFileOfThisVeryMomentIsNotRemembered) {
    const TemporaryFolder folder;
    write_text(folder / "model", "A");
    HashCache cache(folder / "hashes.json");
    EXPECT_EQ(cache.hash(folder / "model"), hash_file(folder / "model"));
    write_text(folder / "model", "B");
    EXPECT_EQ(cache.hash(folder / "model"), hash_file(folder / "model"));
    cache.save();
    EXPECT_FALSE(std::filesystem::exists(folder / "hashes.json"));
}

TEST(HashCache, ADamagedOneRemembersNothingAndMissingFilesAreErrors) {
    const TemporaryFolder folder;
    for (const char* text : {"", "{", "[1]", R"({"/x": 3})", R"({"/x": {"size": "big"}})"}) {
        write_text(folder / "hashes.json", text);
        HashCache cache(folder / "hashes.json");
        EXPECT_EQ(cache.hash("/bin/sh"), hash_file("/bin/sh"));
        EXPECT_THROW(cache.hash(folder / "none"), Error);
    }
}

}  // namespace
}  // namespace clipsim::testing
