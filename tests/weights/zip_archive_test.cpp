#include "zip_archive.h"

#include <gtest/gtest.h>

#include "archives.h"
#include "clipsim/core/error.h"

namespace clipsim::testing {
namespace {

std::string refusal(const std::string& bytes) {
    return message_of<UsageError>([&] { read_zip(bytes_of(bytes)); });
}

TEST(ZipArchive, EntriesAreViewsOntoTheFile) {
    const FileBytes file =
        bytes_of(make_zip({{"a/data.pkl", "pickle"}, {"a/data/", ""}, {"a/data/0", "12345"}}));
    const auto entries = read_zip(file);
    ASSERT_EQ(entries.size(), 2U) << "a folder is no entry";
    const std::span<std::byte> data = entries.at("a/data/0").bytes;
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(data.data()), data.size()), "12345");
    EXPECT_GE(data.data(), file.bytes.data());
    EXPECT_TRUE(entries.at("a/data.pkl").stored);
}

TEST(ZipArchive, WhatIsCompressedIsListedAsSuch) {
    EXPECT_FALSE(read_zip(bytes_of(make_zip({{"a/code.py", "xxx", 8}}))).at("a/code.py").stored);
}

TEST(ZipArchive, ATruncatedOneIsRefusedAtEveryLength) {
    const std::string whole = make_zip({{"a/data.pkl", "pickle"}, {"a/data/0", "12345"}});
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_NE(refusal(whole.substr(0, length)), "") << length;
}

TEST(ZipArchive, EveryDamagedByteIsRefusedOrReadWithinBounds) {
    const std::string whole = make_zip({{"a/data.pkl", "pickle"}, {"a/data/0", "12345"}});
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (const int bits : {0x01, 0x80, 0xFF}) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ bits);
            const FileBytes file = bytes_of(damaged);
            try {
                for (const auto& [name, entry] : read_zip(file)) {
                    EXPECT_GE(entry.bytes.data(), file.bytes.data());
                    EXPECT_LE(entry.bytes.data() + entry.bytes.size(), file.bytes.data() + file.bytes.size());
                }
            } catch (const UsageError&) {
            }
        }
    }
}

TEST(ZipArchive, LiesAboutSizesAndOffsetsAreRefusedWithTheEntrysName) {
    EXPECT_NE(refusal(make_zip({{"a/data/0", "12345", 0, 0, 6000}})).find("a/data/0"), std::string::npos);
    EXPECT_NE(refusal(make_zip({{"a/data/0", "12345", 0, 0, 0x7FFFFFFF}})), "");
    EXPECT_NE(refusal(make_zip({{"a/data/0", "12345", 0, 0, -1, 4000}})), "");
    EXPECT_NE(refusal(make_zip({{"a/data/0", "12345", 0, 0, -1, 7}})), "") << "no header there";
}

TEST(ZipArchive, OverlappingEntriesAreBothNamed) {
    const std::string first = make_zip({{"a/0", "12345"}, {"a/1", "12345"}});
    // The first is said to reach into the second.
    const std::string refused = refusal(make_zip({{"a/0", "12345", 0, 0, 12}, {"a/1", "12345"}}));
    EXPECT_NE(refused.find("a/1: it overlaps a/0"), std::string::npos) << refused;
    EXPECT_EQ(refusal(first), "");
}

TEST(ZipArchive, NamesThatLeadOutOfAFolderAreRefused) {
    for (const char* name :
         {"../data.pkl", "a/../../data.pkl", "/etc/passwd", "a\\data.pkl", "a/..", "./a", "a\nb"})
        EXPECT_NE(refusal(make_zip({{name, "x"}})).find("name"), std::string::npos) << name;
}

TEST(ZipArchive, ANameUsedTwiceIsRefused) {
    EXPECT_NE(refusal(make_zip({{"a/0", "x"}, {"a/0", "y"}})).find("twice"), std::string::npos);
}

TEST(ZipArchive, EncryptedEntriesAreRefused) {
    EXPECT_NE(refusal(make_zip({{"a/0", "x", 0, 1}})).find("encrypted"), std::string::npos);
}

TEST(ZipArchive, AHugeNumberOfEntriesIsRefusedWithoutReadingThem) {
    std::string bytes = make_zip({{"a/0", "x"}});
    bytes.replace(bytes.size() - 14, 4, "\xFF\xFF\xFF\xFF");
    EXPECT_NE(refusal(bytes).find("65535 entries"), std::string::npos) << refusal(bytes);
}

}  // namespace
}  // namespace clipsim::testing
